#include "identity/identity.h"

#include <utility>
#include <vector>

#include "experiment/node_values.h"
#include "experiment/places.h"
#include "files/files.h"
#include "identity/declared.h"

namespace rxrun {
namespace {

using Parts = std::vector<std::pair<std::string, std::string>>;

// Each part with its name and length, so that no two sets of parts can run together.
std::string hash_of(const Parts& parts) {
  Sha256 hash;
  for (const auto& [name, value] : parts) {
    hash.update(name + ":" + std::to_string(value.size()) + ":");
    hash.update(value);
    hash.update("\n");
  }
  return hash.hex();
}

Node* value_at(Node& tree, const char* section, const char* key) {
  Node* map = tree.find(section);
  return map ? map->find(key) : nullptr;
}

void erase(Node* map, const std::string& key) {
  if (map) std::erase_if(map->entries, [&](const Node::Entry& entry) { return entry.key == key; });
}

// The tree without what is a part of its own, and with the contents of the initial weights in place of their name.
Node without_parts(Node tree, const RunInputs& inputs) {
  if (Node* weights = value_at(tree, "training", "initial_weights"))
    if (Node* file = weights->find("file")) file->text = inputs.initial_weights;
  const Node* seed = tree.find("seed");
  Node* split = value_at(tree, "data", "split");
  Node* split_seed = split ? split->find("seed") : nullptr;
  if (seed && split_seed && value_text(*seed) == value_text(*split_seed)) *split_seed = null_node();
  erase(&tree, "seed");
  erase(tree.find("network"), "plugins");
  erase(tree.find("training"), "precision");
  return tree;
}

}  // namespace

RunIdentity identity_of(const Node& tree, const std::vector<PluginInfo>& plugins, const Revisions& revisions,
                        const RunInputs& inputs) {
  Parts parts{{"experiment", canonical_text(declared(without_parts(tree, inputs), plugins))},
              {"precision", inputs.precision},
              {"engine", std::to_string(revisions.engine)}};
  for (const auto& [layer, revision] : revisions.layers) parts.emplace_back("layer " + layer, std::to_string(revision));
  for (const auto& [plugin, build] : revisions.builds) parts.emplace_back("plugin " + plugin, build);
  const Node* seed = tree.find("seed");
  Parts run = parts;
  run.emplace_back("seed", seed ? value_text(*seed) : "0");
  run.emplace_back("content", inputs.content_hash);
  run.emplace_back("split", inputs.split_hash);
  parts.emplace_back("content", inputs.generated_data ? "generated" : inputs.content_hash);
  return {.run = hash_of(run), .configuration = hash_of(parts).substr(0, 16)};
}

RunIdentity identity_of(const CheckedExperiment& checked, const RunInputs& inputs) {
  return identity_of(checked.read.tree, checked.network.plugins, revisions_of(checked.network), inputs);
}

}  // namespace rxrun
