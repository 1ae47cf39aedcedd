// The values of a resolved tree, one by one.
#include "experiment/key.h"
#include "experiment/node_values.h"
#include "experiment/node_yaml.h"
#include "experiment/paths.h"
#include "experiment/read.h"

namespace rxrun {
namespace {

std::string joined(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

using Values = std::vector<std::pair<std::string, std::string>>;

void flatten_into(const Node& node, const std::string& path, Values& values);

// What a list of layers or stages consists of, and each layer with its options below it.
void flatten_layers(const Node& list, const std::string& path, Values& values) {
  values.emplace_back(path, yaml_text(list));
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Node& item = list.items[i];
    const std::string place = joined(path, std::to_string(i));
    if (item.kind == Node::Kind::map && find_key(path)->layers && !item.entries.empty())
      values.emplace_back(place, item.entries.front().key);
    flatten_into(item, place, values);
  }
}

void flatten_into(const Node& node, const std::string& path, Values& values) {
  if (node.kind == Node::Kind::null) return;
  if (node.kind == Node::Kind::map) {
    if (selects_kind(path) && !node.entries.empty()) values.emplace_back(path, node.entries.front().key);
    for (const Node::Entry& entry : node.entries) flatten_into(entry.value, joined(path, entry.key), values);
    return;
  }
  const Key* key = find_key(path);
  if (node.kind == Node::Kind::list && key && (key->layers || key->stages))
    flatten_layers(node, path, values);
  else
    values.emplace_back(path, value_text(node));
}

// A kind by its name, a list of layers or stages, or a layer in one by its name.
bool is_choice(const std::string& path) {
  const auto is_list = [](const std::string& name) {
    const Key* key = find_key(name);
    return key && (key->layers || key->stages);
  };
  return selects_kind(path) || is_list(path) || is_list(path.substr(0, path.rfind('.')));
}

}  // namespace

Values flatten(const Node& tree) {
  Values values;
  flatten_into(tree, "", values);
  return values;
}

Values choices_in(const std::string& resolved) {
  Diagnostics faults;
  const std::optional<Node> tree = parse_document(resolved, "results.db", faults);
  if (!tree || faults.has_errors()) return {};
  Values values = flatten(*tree);
  std::erase_if(values, [](const auto& value) { return !is_choice(value.first); });
  return values;
}

}  // namespace rxrun
