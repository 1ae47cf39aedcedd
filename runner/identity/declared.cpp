#include "identity/declared.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiment/key.h"
#include "experiment/node_values.h"
#include "plugin/read_option.h"

namespace rxrun {
namespace {

using Entries = std::vector<Node::Entry>;

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

Node map_of(Entries entries) {
  Node map;
  map.kind = Node::Kind::map;
  map.entries = std::move(entries);
  return map;
}

Node list_of(std::vector<Node> items) {
  Node list;
  list.kind = Node::Kind::list;
  list.items = std::move(items);
  return list;
}

template <typename Named>
const Named* find(const std::vector<Named>& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const Named& one) { return one.name == name; });
  return found == list.end() ? nullptr : &*found;
}

// `3` and `[3, 3]` are the same extent.
Node node_of(const OptionValue& value, const Node& written) {
  const auto* extent = std::get_if<Extent>(&value);
  return extent && extent->height == extent->width ? to_node(extent->height) : written;
}

class Reduction {
 public:
  Reduction(const Node& tree, const std::vector<PluginInfo>& plugins) : plugins_(plugins) {
    if (const Node* network = tree.find("network"))
      for (const Node::Entry& entry : network->entries)
        if (!find_key("network." + entry.key)) shared_.push_back(entry);
  }

  Node map(const Node& map, const std::vector<Key>& keys) const {
    Entries kept;
    for (const Node::Entry& entry : map.entries)
      if (const Key* key = find(keys, entry.key); !key)
        kept.push_back(entry);
      else if (key->identity)
        add(*key, entry, kept);
    return map_of(std::move(kept));
  }

 private:
  void add(const Key& key, const Node::Entry& entry, Entries& kept) const {
    Node reduced = value(key, entry.value);
    if (!key.required && canonical_text(reduced) == canonical_text(value(key, default_of(key)))) return;
    kept.push_back({entry.key, {}, std::move(reduced)});
  }

  Node value(const Key& key, const Node& node) const {
    const bool is_map = node.kind == Node::Kind::map, is_list = node.kind == Node::Kind::list;
    if (is_map && !key.kinds.empty()) {
      const Node::Entry& chosen = node.entries.at(0);
      const Kind* kind = find(key.kinds, chosen.key);
      return map_of({{chosen.key, {}, kind ? map(chosen.value, kind->keys) : chosen.value}});
    }
    if (is_map && key.map) return map(node, key.keys);
    if (!is_list || !(key.layers || key.stages)) return node;
    std::vector<Node> items;
    for (const Node& item : node.items) items.push_back(key.layers ? layer(item) : stage(key, item));
    return list_of(std::move(items));
  }

  // A name, or a map from it to the options: without options the name.
  Node layer(const Node& item) const {
    if (item.kind != Node::Kind::map) return item;
    const Node::Entry& entry = item.entries.at(0);
    Entries kept = options(entry.key, entry.value.entries);
    if (kept.empty()) return to_node(entry.key);
    return map_of({{entry.key, {}, map_of(std::move(kept))}});
  }

  // A map of the stage's own keys and the options of its block.
  Node stage(const Key& key, const Node& item) const {
    Entries kept, rest;
    for (const Node::Entry& entry : item.entries)
      if (const Key* own = find(key.keys, entry.key))
        add(*own, entry, kept);
      else
        rest.push_back(entry);
    const Node* block = item.find("block");
    for (Node::Entry& option : options(block ? block->text : "", rest)) kept.push_back(std::move(option));
    return map_of(std::move(kept));
  }

  Entries options(const std::string& layer, const Entries& written) const {
    const LayerInfo* info = table_of(layer);
    if (!info) return written;
    Entries kept;
    for (const Node::Entry& entry : written) {
      const OptionInfo* option = find(info->options, entry.key);
      const OptionResult own = option ? read_option(*option, layer, entry.value) : OptionResult{{}, "unknown", {}};
      if (!own.fault.empty())
        kept.push_back(entry);
      else if (own.value != without(*option, layer))
        kept.push_back({entry.key, {}, node_of(own.value, entry.value)});
    }
    return kept;
  }

  // What the option is where the layer does not write it.
  OptionValue without(const OptionInfo& option, const std::string& layer) const {
    for (const Node::Entry& entry : shared_)
      if (entry.key == option.name) return read_option(option, layer, entry.value).value;
    return option.default_value;
  }

  const LayerInfo* table_of(const std::string& layer) const {
    for (const PluginInfo& plugin : plugins_)
      if (const LayerInfo* info = find(plugin.layers, layer)) return info;
    return nullptr;
  }

  const std::vector<PluginInfo>& plugins_;
  Entries shared_;  // network-wide values
};

}  // namespace

Node declared(const Node& tree, const std::vector<PluginInfo>& plugins) {
  return Reduction(tree, plugins).map(tree, experiment_keys());
}

std::string canonical_text(const Node& node) {
  std::string text;
  if (node.kind == Node::Kind::list) {
    for (const Node& item : node.items) text.append(text.empty() ? "[" : ",").append(canonical_text(item));
    return text.empty() ? "[]" : text + "]";
  }
  if (node.kind == Node::Kind::map) {
    std::vector<const Node::Entry*> entries;
    for (const Node::Entry& entry : node.entries) entries.push_back(&entry);
    std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
    for (const Node::Entry* entry : entries)
      text.append(text.empty() ? "{" : ",").append(quoted(entry->key)).append(":").append(canonical_text(entry->value));
    return text.empty() ? "{}" : text + "}";
  }
  return node.kind == Node::Kind::string ? quoted(node.text) : value_text(node);
}

}  // namespace rxrun
