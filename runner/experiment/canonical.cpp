// What of an experiment counts for its results, and its values one by one.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "experiment/key.h"
#include "experiment/node_values.h"
#include "experiment/read.h"

namespace rxrun {
namespace {

using Json = nlohmann::json;  // keeps keys sorted

std::string joined(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

// JSON text by hand for numbers only: a whole real is written as an integer, so that 1.0 and 1 are one text.
void write(const Node& node, const std::string& path, std::string& out) {
  switch (node.kind) {
    case Node::Kind::list: {
      out += '[';
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0) out += ',';
        write(node.items[i], joined(path, std::to_string(i)), out);
      }
      out += ']';
      return;
    }
    case Node::Kind::map: {
      std::vector<const Node::Entry*> entries;
      for (const Node::Entry& entry : node.entries) {
        const Key* key = find_key(joined(path, entry.key));
        const bool absent = key && key->absent_when_null && entry.value.kind == Node::Kind::null;
        if ((!key || key->identity) && !absent) entries.push_back(&entry);
      }
      std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
      out += '{';
      for (const Node::Entry* entry : entries) {
        if (entry != entries.front()) out += ',';
        out += Json(entry->key).dump(-1, ' ', true, Json::error_handler_t::replace) + ":";
        write(entry->value, joined(path, entry->key), out);
      }
      out += '}';
      return;
    }
    case Node::Kind::string:
      out += Json(node.text).dump(-1, ' ', true, Json::error_handler_t::replace);
      return;
    default:
      out += value_text(node);
  }
}

std::string text_of(const Node& tree) {
  std::string text;
  write(tree, "", text);
  return text;
}

// A plugin's build is part of what a run follows from; where its library lies is not.
Node counting(const Node& tree) {
  Node copy = tree;
  if (Node* network = copy.find("network"))
    if (Node* plugins = network->find("plugins"))
      for (Node& plugin : plugins->items)
        if (is_library_path(plugin.text)) plugin.text = std::filesystem::path(plugin.text).filename().string();
  return copy;
}

Node* split_seed(Node& tree) {
  Node* data = tree.find("data");
  Node* split = data ? data->find("split") : nullptr;
  return split ? split->find("seed") : nullptr;
}

void flatten_into(const Node& node, const std::string& path, std::vector<std::pair<std::string, std::string>>& values) {
  if (node.kind == Node::Kind::null) return;
  if (node.kind == Node::Kind::map) {
    for (const Node::Entry& entry : node.entries) flatten_into(entry.value, joined(path, entry.key), values);
    return;
  }
  const Key* key = find_key(path);
  const bool element_by_element = key && (key->layers || key->stages);
  if (node.kind == Node::Kind::list && element_by_element) {
    for (std::size_t i = 0; i < node.items.size(); ++i)
      flatten_into(node.items[i], joined(path, std::to_string(i)), values);
    return;
  }
  values.emplace_back(path, value_text(node));
}

}  // namespace

std::string canonical_json(const Node& tree) {
  Node complete = counting(tree);
  if (Node* seed = split_seed(complete); seed && seed->kind == Node::Kind::null)
    if (const Node* own = complete.find("seed")) *seed = *own;
  return text_of(complete);
}

std::string configuration_json(const Node& tree) {
  Node complete = counting(tree);
  const Node* own = complete.find("seed");
  if (Node* seed = split_seed(complete); seed && own && value_text(*seed) == value_text(*own)) *seed = null_node();
  std::erase_if(complete.entries, [](const Node::Entry& entry) { return entry.key == "seed"; });
  return text_of(complete);
}

std::vector<std::pair<std::string, std::string>> flatten(const Node& tree) {
  std::vector<std::pair<std::string, std::string>> values;
  flatten_into(tree, "", values);
  return values;
}

}  // namespace rxrun
