// The resolved experiment as YAML that anyone can read and that reads back to the same values.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiment/node_values.h"
#include "experiment/read.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

// Plain where nothing in it could mean anything else, JSON's double quotes (which YAML 1.2 reads) otherwise.
std::string text_scalar(const std::string& text) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '/' || c == '-'; };
  const bool simple = !text.empty() && std::all_of(text.begin(), text.end(), plain) &&
                      (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '/') &&
                      scalar(text, false, {}).kind == Node::Kind::string;
  if (simple) return text;
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i)
    escaped += text.compare(i, 2, "${") == 0 ? "$$" : std::string(1, text[i]);
  return nlohmann::json(escaped).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string scalar_text(const Node& node) {
  if (node.kind == Node::Kind::string) return text_scalar(node.text);
  std::string text = value_text(node);
  // A whole real keeps its point: it has to come back as a real.
  if (node.kind == Node::Kind::real && text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string flow(const Node& node) {
  if (node.is_scalar()) return scalar_text(node);
  const bool list = node.kind == Node::Kind::list;
  std::string text = list ? "[" : "{";
  for (const Node& item : node.items) text += (text.size() > 1 ? ", " : "") + flow(item);
  for (const Node::Entry& entry : node.entries)
    text += (text.size() > 1 ? ", " : "") + text_scalar(entry.key) + ": " + flow(entry.value);
  return text + (list ? "]" : "}");
}

// Maps of the first levels in block style, below them and lists of scalars in flow style; layers and stages a line
// each.
void block(const Node& map, int depth, std::string& out) {
  const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
  for (const Node::Entry& entry : map.entries) {
    const Node& value = entry.value;
    out.append(indent).append(text_scalar(entry.key)).append(":");
    const bool has_containers =
        std::any_of(value.items.begin(), value.items.end(), [](const Node& item) { return !item.is_scalar(); });
    if (value.kind == Node::Kind::map && depth < 3 && !value.entries.empty()) {
      out += "\n";
      block(value, depth + 1, out);
    } else if (value.kind == Node::Kind::list && has_containers) {
      out += "\n";
      for (const Node& item : value.items) out.append(indent).append("  - ").append(flow(item)).append("\n");
    } else {
      out.append(" ").append(flow(value)).append("\n");
    }
  }
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
  std::string out;
  block(tree, 0, out);
  return out;
}

}  // namespace rxrun
