// The values of a resolved tree, one by one.
#include "experiment/key.h"
#include "experiment/node_values.h"
#include "experiment/read.h"

namespace rxrun {
namespace {

std::string joined(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

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

std::vector<std::pair<std::string, std::string>> flatten(const Node& tree) {
  std::vector<std::pair<std::string, std::string>> values;
  flatten_into(tree, "", values);
  return values;
}

}  // namespace rxrun
