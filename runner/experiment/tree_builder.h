// yaml-cpp's events → Node, within bounds. yaml-cpp's headers stay in the files that include this one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>

#include "diagnostics/diagnostic.h"
#include "experiment/document.h"
#include "experiment/node.h"
#include "experiment/source_text.h"

namespace rxrun {

class TreeBuilder final : public YAML::EventHandler {
 public:
  // Thrown out of the parser when there is nothing to go on with; the error is told before.
  struct Stop {};

  // A list or map that is not complete yet. Its address holds: only the innermost one grows.
  struct Frame {
    Node* node = nullptr;
    std::size_t offset = 0;  // in the text
    bool flow = false;
    YAML::anchor_t anchor = 0;
    std::unordered_map<std::string, std::size_t> keys;  // map: the entry that has it
    std::optional<Node::Entry> pending;                 // map: a key whose value is not there yet
    std::size_t key_end = std::string::npos;            // map: behind that key in the text, where it is known
  };

  TreeBuilder(const SourceText& source, const DocumentLimits& limits, Diagnostics& diagnostics)
      : source_(source), limits_(limits), diagnostics_(diagnostics) {}

  // The tree; call once, after the parser is done. Empty, with an error, if the text has no document.
  std::optional<Node> take();
  const std::vector<Frame>& open() const { return frames_; }
  std::size_t last_offset() const { return last_offset_; }  // of the last event

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { frames_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { frames_.pop_back(); }

 private:
  // Where an anchored value is: the indices from the root on; or, for a key, its text.
  struct Anchored {
    std::vector<std::size_t> path;
    std::optional<Node> key;
  };

  bool expects_key() const;
  void add_key(std::string key, std::size_t offset, std::size_t bytes);
  Node* attach(Node node, YAML::anchor_t anchor);
  void open_frame(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, bool flow);
  std::vector<std::size_t> path_of_next() const;
  const Node& at(const std::vector<std::size_t>& path) const;
  void count(std::int64_t nodes, std::size_t offset);
  void check_colon(bool written);
  void check_value(const std::string& value, std::size_t offset, std::size_t bytes);
  SourceLocation place_of_tag(const YAML::Mark& mark, std::size_t offset) const;
  SourceLocation place_of_null(std::size_t offset, bool written) const;
  void error(SourceLocation where, std::string message, std::string advice = {});
  [[noreturn]] void stop_at_key(Node::Kind kind, std::size_t offset);
  [[noreturn]] void stop(SourceLocation where, std::string message, std::string advice = {});

  const SourceText& source_;
  const DocumentLimits& limits_;
  Diagnostics& diagnostics_;
  Node root_;
  bool started_ = false, has_duplicates_ = false;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::int64_t nodes_ = 0;
  int errors_ = 0;
  std::size_t last_offset_ = 0;
};

// A yaml-cpp exception in our words and at the place that helps.
void tell_syntax_error(const SourceText& source, const YAML::Exception& exception, const TreeBuilder& builder,
                       Diagnostics& diagnostics);

// The line at `offset` has a key, but no `:` behind it.
void tell_missing_colon(const SourceText& source, std::size_t offset, Diagnostics& diagnostics);

}  // namespace rxrun
