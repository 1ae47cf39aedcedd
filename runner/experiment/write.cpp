// The resolved experiment as YAML that anyone can read and that reads back to the same values.
#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/render.h"
#include "experiment/node_yaml.h"
#include "experiment/read.h"
#include "experiment/source_text.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

// Values are filled in when they are read, keys are not.
void escape_expressions(Node& node) {
  for (Node& item : node.items) escape_expressions(item);
  for (Node::Entry& entry : node.entries) escape_expressions(entry.value);
  for (std::size_t at = node.text.find("${"); at != std::string::npos; at = node.text.find("${", at + 3))
    node.text.insert(at, 1, '$');
}

// Maps of the first levels in block style, below them and lists of scalars in flow style; layers and stages a line
// each.
void block(const Node& map, int depth, std::string& out) {
  const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
  for (const Node::Entry& entry : map.entries) {
    const Node& value = entry.value;
    out.append(indent).append(yaml_text(entry.key)).append(":");
    const bool has_containers =
        std::any_of(value.items.begin(), value.items.end(), [](const Node& item) { return !item.is_scalar(); });
    if (value.kind == Node::Kind::map && depth < 3 && !value.entries.empty()) {
      out += "\n";
      block(value, depth + 1, out);
    } else if (value.kind == Node::Kind::list && has_containers) {
      out += "\n";
      for (const Node& item : value.items) out.append(indent).append("  - ").append(yaml_text(item)).append("\n");
    } else {
      out.append(" ").append(yaml_text(value)).append("\n");
    }
  }
}

// A folder above a path may have any name.
void require_characters(const Node& node) {
  for (const Node& item : node.items) require_characters(item);
  for (const Node::Entry& entry : node.entries) require_characters(entry.value);
  if (node.kind != Node::Kind::string) return;
  if (const std::string found = forbidden_character(node.text); !found.empty())
    throw Error(Diagnostic{Severity::error, node.where,
                           fmt::format("`{}` has {}, which no experiment file can hold", printable(node.text), found),
                           "rename the folder"});
}

// Through `extends`, aliases and defaults it may have become larger than a file may be.
void require_readable(const Node& tree, const std::string& text) {
  require_characters(tree);
  const DocumentLimits limits;
  const auto refuse = [](std::uint64_t found, std::uint64_t most, const char* of) {
    throw Error(
        Failure::usage,
        fmt::format("the experiment with all its defaults has {} {}, and could not be read again: the limit is {}",
                    found, of, most));
  };
  if (text.size() > limits.bytes) refuse(text.size(), limits.bytes, "bytes");
  const std::int64_t nodes = count_nodes(tree);
  if (nodes > limits.nodes)
    refuse(static_cast<std::uint64_t>(nodes), static_cast<std::uint64_t>(limits.nodes), "values");
}

Node* value_at(Node& tree, const char* section, const char* key) {
  Node* map = tree.find(section);
  return map ? map->find(key) : nullptr;
}

}  // namespace

Node frozen(const ReadExperiment& read) {
  Node tree = read.tree;
  if (Node* path = value_at(tree, "data", "path"); path && path->kind == Node::Kind::string)
    path->text = read.experiment.data.path.string();
  if (Node* weights = value_at(tree, "training", "initial_weights"))
    if (Node* file = weights->find("file")) file->text = read.experiment.training.initial_weights->file.string();
  if (Node* plugins = value_at(tree, "network", "plugins"))
    for (Node& plugin : plugins->items)
      if (is_library_path(plugin.text)) plugin.text = fs::absolute(plugin.text).lexically_normal().string();
  return tree;
}

std::string write_experiment(const Node& tree) {
  Node literal = tree;
  escape_expressions(literal);
  std::string out;
  block(literal, 0, out);
  require_readable(tree, out);
  return out;
}

}  // namespace rxrun
