#include "experiment/tree_builder.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "diagnostics/utf8.h"
#include "experiment/tags.h"
#include "experiment/tokens.h"

namespace rxrun {
namespace {

constexpr int most_errors = 50;

// Nodes in a tree and levels of lists and maps in it.
struct Extent {
  std::int64_t nodes = 1;
  int levels = 0;
};

Extent extent_of(const Node& node) {
  Extent extent;
  const auto add = [&](const Node& child) {
    const Extent below = extent_of(child);
    extent.nodes += below.nodes;
    extent.levels = std::max(extent.levels, below.levels);
  };
  for (const Node& item : node.items) add(item);
  for (const Node::Entry& entry : node.entries) add(entry.value);
  if (!node.is_scalar()) ++extent.levels;
  return extent;
}

// The first entry of each key stays.
void drop_duplicates(Node& node) {
  std::unordered_set<std::string> seen;
  std::erase_if(node.entries, [&](const Node::Entry& entry) { return !seen.insert(entry.key).second; });
  for (Node& item : node.items) drop_duplicates(item);
  for (Node::Entry& entry : node.entries) drop_duplicates(entry.value);
}

}  // namespace

std::optional<Node> TreeBuilder::take() {
  if (!started_) {
    error(source_.whole_file(), "the file is empty");
    return std::nullopt;
  }
  if (has_duplicates_) drop_duplicates(root_);
  return std::move(root_);
}

void TreeBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (!std::exchange(started_, true)) return;
  const std::size_t offset =
      std::min<std::size_t>(static_cast<std::size_t>(std::max(mark.pos, 0)), source_.text().size());
  const std::optional<std::size_t> marker = document_marker(source_.text(), last_offset_, offset);
  if (marker) stop(source_.place(*marker, 3), "a second document starts here, expected one document in the file");
  const bool same_line = source_.line_of(offset) == source_.line_of(last_offset_);
  stop(source_.place(offset, word_length(source_.text(), offset)), "text after the end of the document",
       same_line ? "quote the value if all of this belongs to it" : "");
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const std::size_t offset = skip_properties(source_.text(), static_cast<std::size_t>(mark.pos));
  const std::size_t written = null_word_length(source_.text(), offset);
  if (expects_key()) {
    if (written == 0) stop(source_.place(offset), "a key is missing before `:`");
    add_key(std::string(source_.text().substr(offset, written)), offset, written);
    return;
  }
  check_colon(written > 0);
  Node node = scalar("", false, place_of_null(offset, written > 0));
  if (written > 0 && node.where.line == static_cast<int>(source_.line_of(offset)) + 1)
    node.text = source_.text().substr(offset, written);
  last_offset_ = offset;
  attach(std::move(node), anchor);
}

// yaml-cpp takes a last word without colon for a key.
void TreeBuilder::check_colon(bool written) {
  if (written || frames_.empty() || frames_.back().flow || !frames_.back().pending) return;
  const Frame& frame = frames_.back();
  if (frame.key_end == std::string::npos || is_followed_by_colon(source_.text(), frame.key_end)) return;
  tell_missing_colon(source_, last_offset_, diagnostics_);  // the last event was the key
  throw Stop{};
}

// yaml-cpp marks a value that is not there by what comes next; the reader looks for it at its key.
SourceLocation TreeBuilder::place_of_null(std::size_t offset, bool written) const {
  const int line = static_cast<int>(source_.line_of(std::min(offset, source_.text().size()))) + 1;
  if (!frames_.empty() && frames_.back().pending) {
    const SourceLocation& key = frames_.back().pending->key_where;
    if (!written || key.line != line) return key;
  }
  if (written) return source_.bounded_place(offset, null_word_length(source_.text(), offset));
  const std::string_view before = source_.text().substr(0, offset);
  const std::size_t last = before.find_last_not_of(" \t\r\n");
  return source_.bounded_place(last == std::string_view::npos ? offset : last);
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  const std::size_t offset = skip_properties(source_.text(), static_cast<std::size_t>(mark.pos));
  const std::size_t bytes = scalar_length(source_.text(), offset, value);
  last_offset_ = offset;
  const std::string_view text = source_.text();
  if (is_unclosed_quoted(text, offset))
    stop(source_.place(offset), "the quoted string is never closed", "add the closing quote");
  check_value(value, offset, bytes);
  bool fits = true;
  std::optional<Node> node = tagged_scalar(value, tag, source_.bounded_place(offset, bytes), fits);
  if (!node) {
    error(place_of_tag(mark, offset), fmt::format("unknown tag `{}`", shown_tag(tag)),
          "remove it; only !!str, !!int, !!float, !!bool and !!null are supported");
    node = scalar(value, true, source_.bounded_place(offset, bytes));
  } else if (!fits) {
    error(source_.place(offset, bytes),
          fmt::format("`{}` is {}, but its tag says `{}`", value, to_string(node->kind), shown_tag(tag)));
  }
  if (!expects_key()) {
    attach(std::move(*node), anchor);
    return;
  }
  if (anchor != 0) anchors_[anchor] = {{}, *node};
  add_key(value, offset, bytes);
  // Behind `? ` a key may stand alone.
  const std::size_t before = text.find_last_not_of(" \t", static_cast<std::size_t>(mark.pos) - 1);
  const bool alone = mark.pos > 0 && before != std::string::npos && text[before] == '?';
  frames_.back().key_end = alone ? std::string::npos : offset + bytes;
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const std::size_t offset = static_cast<std::size_t>(mark.pos);
  const std::size_t bytes = word_length(source_.text(), offset);
  last_offset_ = offset;
  for (const Frame& frame : frames_) {
    if (frame.anchor == anchor) stop(source_.place(offset, bytes), "the alias is inside the value that it stands for");
  }
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) stop(source_.place(offset, bytes), "the alias has no anchor before it");
  const Node& target = found->second.key ? *found->second.key : at(found->second.path);
  if (expects_key()) {
    if (!target.is_scalar())
      stop(source_.place(offset, bytes),
           fmt::format("a key must be a word, but the alias stands for {}", to_string(target.kind)));
    add_key(target.text, offset, bytes);
    return;
  }
  const Extent extent = extent_of(target);
  if (static_cast<int>(frames_.size()) + extent.levels > limits_.depth) {
    stop(source_.place(offset, bytes),
         fmt::format("lists and maps nest deeper than {} levels once the alias is expanded", limits_.depth));
  }
  count(extent.nodes - 1, offset);  // attach counts one
  attach(Node(target), 0);
}

// Among the properties in front of the value at `offset`.
SourceLocation TreeBuilder::place_of_tag(const YAML::Mark& mark, std::size_t offset) const {
  const std::size_t tag = source_.text().find('!', static_cast<std::size_t>(mark.pos));
  if (tag >= offset) return source_.place(offset);
  return source_.place(tag, word_length(source_.text(), tag));
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value style) {
  open_frame(Node::Kind::list, mark, tag, anchor, style == YAML::EmitterStyle::Flow);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value style) {
  open_frame(Node::Kind::map, mark, tag, anchor, style == YAML::EmitterStyle::Flow);
}

void TreeBuilder::open_frame(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             bool flow) {
  const std::size_t offset = skip_properties(source_.text(), static_cast<std::size_t>(mark.pos));
  last_offset_ = offset;
  if (expects_key()) stop_at_key(kind, offset);
  if (static_cast<int>(frames_.size()) >= limits_.depth) {
    stop(source_.place(offset), fmt::format("lists and maps nest deeper than {} levels", limits_.depth));
  }
  if (!fits_tag(kind, tag)) {
    error(place_of_tag(mark, offset),
          fmt::format("the tag `{}` is not supported for {}", shown_tag(tag), to_string(kind)), "remove it");
  }
  Node node;
  node.kind = kind;
  node.where = source_.bounded_place(offset);
  Frame frame;
  frame.node = attach(std::move(node), anchor);
  frame.offset = offset;
  frame.flow = flow;
  frame.anchor = anchor;
  frames_.push_back(std::move(frame));
}

// yaml-cpp takes a list or map that is never closed for a key, too.
void TreeBuilder::stop_at_key(Node::Kind kind, std::size_t offset) {
  const char bracket = source_.text()[std::min(offset, source_.text().size() - 1)];
  if ((bracket == '[' || bracket == '{') && !has_closing_bracket(source_.text(), offset)) {
    stop(source_.place(offset), unclosed_message(bracket));
  }
  stop(source_.place(offset), fmt::format("a key must be a word, not {}", to_string(kind)),
       bracket == '{' ? "quote the value if the braces belong to it" : "quote it if it is meant as text");
}

bool TreeBuilder::expects_key() const {
  return !frames_.empty() && frames_.back().node->kind == Node::Kind::map && !frames_.back().pending;
}

void TreeBuilder::add_key(std::string key, std::size_t offset, std::size_t bytes) {
  last_offset_ = offset;
  Frame& frame = frames_.back();
  const SourceLocation where = source_.bounded_place(offset, bytes);
  if (frame.node->entries.empty() && !frame.flow) frame.node->where.length = where.length;
  if (source_.text().substr(offset, bytes) == "<<") {
    error(source_.place(offset, bytes), "merge keys (`<<`) are not part of YAML 1.2",
          "use `extends: other.yaml`, or write the keys out");
  }
  const auto [found, inserted] = frame.keys.emplace(key, frame.node->entries.size());
  if (!inserted) {
    has_duplicates_ = true;
    const SourceLocation& first = frame.node->entries[found->second].key_where;
    error(source_.place(offset, bytes), fmt::format("duplicate key `{}`", key),
          fmt::format("the first is in line {}, column {}", first.line, first.column));
  }
  frame.pending = Node::Entry{std::move(key), where, {}};
}

Node* TreeBuilder::attach(Node node, YAML::anchor_t anchor) {
  count(1, last_offset_);
  if (anchor != 0) anchors_[anchor] = {path_of_next(), std::nullopt};
  if (frames_.empty()) {
    root_ = std::move(node);
    return &root_;
  }
  Frame& frame = frames_.back();
  if (frame.node->kind == Node::Kind::list) return &frame.node->items.emplace_back(std::move(node));
  frame.pending->value = std::move(node);
  frame.node->entries.push_back(std::move(*frame.pending));
  frame.pending.reset();
  return &frame.node->entries.back().value;
}

// The indices from the root to the value that is attached next.
std::vector<std::size_t> TreeBuilder::path_of_next() const {
  std::vector<std::size_t> path;
  for (const Frame& frame : frames_) path.push_back(frame.node->items.size() + frame.node->entries.size() - 1);
  if (!path.empty()) ++path.back();
  return path;
}

const Node& TreeBuilder::at(const std::vector<std::size_t>& path) const {
  const Node* node = &root_;
  for (std::size_t index : path)
    node = node->kind == Node::Kind::list ? &node->items[index] : &node->entries[index].value;
  return *node;
}

void TreeBuilder::count(std::int64_t nodes, std::size_t offset) {
  nodes_ += nodes;
  if (nodes_ > limits_.nodes) {
    stop(source_.place(offset, word_length(source_.text(), offset)),
         fmt::format("more than {} values, with aliases expanded", limits_.nodes));
  }
}

// An escape can write what the text itself may not hold.
void TreeBuilder::check_value(const std::string& value, std::size_t offset, std::size_t bytes) {
  const std::string found = forbidden_character(value);
  if (!found.empty())
    error(source_.place(offset, bytes), fmt::format("an escape sequence stands for {}, which is not allowed", found));
}

void TreeBuilder::error(SourceLocation where, std::string message, std::string advice) {
  diagnostics_.error(std::move(where), std::move(message), std::move(advice));
  if (++errors_ < most_errors) return;
  diagnostics_.error(source_.whole_file(), fmt::format("{} errors, the rest of the file is not read", errors_));
  throw Stop{};
}

void TreeBuilder::stop(SourceLocation where, std::string message, std::string advice) {
  diagnostics_.error(std::move(where), std::move(message), std::move(advice));
  throw Stop{};
}

}  // namespace rxrun
