// A document's tree, checked against the declared keys: fills an Experiment and gives the tree back with every default
// in it and each value written in one way.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "experiment/key.h"

namespace rxrun {

class KeyReader {
 public:
  KeyReader(Experiment& experiment, Diagnostics& diagnostics) : experiment_(experiment), diagnostics_(diagnostics) {}

  // Reads a map whose keys are `keys`, with `of` its own name for errors ("" for the file). A value with an error
  // counts as its default. Other keys are errors, or, if the map is open, kept after the others.
  Node read_map(const Node& map, const std::vector<Key>& keys, const std::string& of, bool open);

  // The names of the keys with an error in or below them, or missing: checks between keys leave them alone.
  const std::set<std::string>& faulty() const { return faulty_; }

 private:
  Node read_known(const Key& key, const Node::Entry& entry);
  Node read_value(const Key& key, const Node::Entry& entry);
  Node read_kind(const Key& key, const Node::Entry& entry);
  const Node::Entry* chosen_kind(const Key& key, const Node& map);
  Node read_layers(const Key& key, const Node& list);
  Node read_layer(const Node& item, const std::string& of);
  Node read_stages(const Key& key, const Node& list);
  // Options of a layer or network-wide values: scalars and lists of scalars. False when there was an error.
  bool check_option(const Node::Entry& option);
  bool check_name(const std::string& name, const SourceLocation& where);
  bool check_open_value(const std::string& name, const Node& value);
  void read_open_entries(const Node& map, const std::vector<Key>& keys, Node& result);
  void store(const Key& key, const Node& node);
  Node spread(const Node& map, const std::vector<Key>& keys);
  static bool is_unknown(const Node::Entry& entry, const std::vector<Key>& keys, bool open);
  static bool is_misspelt(const Key& key, const Node& map, const std::vector<Key>& keys, bool open);
  void unknown_key(const Node::Entry& entry, const std::vector<Key>& keys, const std::string& of);

  // Accepts a scalar or list, brought into its one form; tells the error and returns false otherwise.
  bool accept(const Key& key, Node& node);
  bool accept_list(const Key& key, Node& node);
  void refuse(const std::string& name, const std::string& wanted, const Node& node,
              const std::vector<std::string>& words, std::string advice = {});
  // A metric of the part that is scored once, where one that chooses is wanted: `present` has its name.
  void refuse_test_part(const std::string& name, const std::string& present, const Node& node);

  Experiment& experiment_;
  Diagnostics& diagnostics_;
  std::set<std::string> faulty_;
};

}  // namespace rxrun
