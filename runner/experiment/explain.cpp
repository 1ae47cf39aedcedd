// Where a value comes from, and what it took the place of.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "diagnostics/render.h"
#include "experiment/key.h"
#include "experiment/node_json.h"
#include "experiment/node_values.h"
#include "experiment/places.h"
#include "experiment/read.h"

namespace rxrun {
namespace {

using Json = nlohmann::ordered_json;

struct Explained {
  std::string path;
  const Node* value;
  std::vector<Node> over;  // what it took the place of, nearest first; without the default
  std::optional<Node> by_default;
  const Key* key;
};

// Every path of the tree, maps and lists of layers too.
void add_all_paths(const Node& node, const std::string& path, std::vector<std::string>& paths) {
  if (!path.empty()) paths.push_back(path);
  const std::string prefix = path.empty() ? "" : path + ".";
  for (const Node::Entry& entry : node.entries) add_all_paths(entry.value, prefix + entry.key, paths);
  const Key* key = find_key(path);
  if (!key || !(key->layers || key->stages)) return;
  for (std::size_t i = 0; i < node.items.size(); ++i) add_all_paths(node.items[i], prefix + std::to_string(i), paths);
}

bool is_leaf(const Node& node, const std::string& path) {
  const Key* key = find_key(path);
  return node.kind != Node::Kind::map && !(node.kind == Node::Kind::list && key && (key->layers || key->stages));
}

// The path that `key` means: itself, or the only one that it is a tail of.
std::string resolve_key(const std::vector<std::string>& paths, const std::string& key) {
  if (std::find(paths.begin(), paths.end(), key) != paths.end()) return key;
  std::vector<std::string> matches;
  for (const std::string& path : paths)
    if (path.ends_with("." + key)) matches.push_back(path);
  if (matches.size() == 1) return matches.front();
  if (!matches.empty()) {
    std::string list;
    for (const std::string& match : matches) list += (list.empty() ? "" : ", ") + match;
    throw Error(Failure::usage, "`" + printable(key) + "` is ambiguous", "it can mean any of " + list);
  }
  std::vector<std::string> candidates = paths;
  for (const std::string& path : paths)  // a slip in the last names of a path
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1))
      candidates.push_back(path.substr(dot + 1));
  const auto near = nearest_name(key, candidates);
  throw Error(Failure::usage, "no key `" + printable(key) + "` in the experiment",
              near ? "did you mean `" + *near + "`?" : "`rxrun explain FILE training` shows all keys of a section");
}

bool same_place(const SourceLocation& a, const SourceLocation& b) {
  return a.file == b.file && a.line == b.line && a.column == b.column;
}

std::vector<Node> trees_below(const ReadExperiment& read) {
  std::vector<Node> trees;
  for (const std::string& file : extended_files(read.file)) {
    Diagnostics ignored;  // told when the whole was read
    trees.push_back(read_experiment(file, {}, ignored).tree);
  }
  return trees;
}

Explained explain_leaf(const std::string& path, const Node& value, const std::vector<Node>& below) {
  Explained explained{path, &value, {}, std::nullopt, find_key(path)};
  const Node* last = &value;
  for (const Node& tree : below) {
    const Node* earlier = find_value(tree, path);
    if (!earlier || earlier->origin == Node::Origin::default_value || same_place(earlier->where, last->where)) continue;
    explained.over.push_back(*earlier);
    last = earlier;
  }
  Experiment pristine;
  if (explained.key && explained.key->get && !explained.key->required)
    explained.by_default = explained.key->get(pristine);
  return explained;
}

std::string place(const Node& node) {
  if (node.where.line == 0 || node.origin == Node::Origin::command_line)
    return node.where.file.empty() ? "command line" : node.where.file;
  return node.where.file + ":" + std::to_string(node.where.line) + ":" + std::to_string(node.where.column);
}

std::string shown(const Node& node) {
  const std::string text = printable(value_text(node));
  return text.empty() ? "(empty)" : text;
}

// Of a choice between kinds, what else there is to choose.
std::string kinds_text(const Key& key) {
  std::string text = "the kinds of `" + key.name + "`:\n";
  std::size_t width = 0;
  for (const Kind& kind : key.kinds) width = std::max(width, kind.name.size());
  for (const Kind& kind : key.kinds)
    text += "  " + kind.name + std::string(width - kind.name.size() + 2, ' ') + kind.doc + "\n";
  return text;
}

std::string as_text(const Explained& explained) {
  const Node& value = *explained.value;
  std::string text = explained.path + " = " + shown(value) + "\n  ";
  const bool is_default = value.origin == Node::Origin::default_value;
  text += is_default ? "the default" : printable(place(value));
  for (const Node& over : explained.over) text += ", over " + shown(over) + " of " + printable(place(over));
  if (explained.by_default && !is_default) text += ", over the default " + shown(*explained.by_default);
  if (explained.key) text += "\n  " + explained.key->doc + " (" + expected(*explained.key) + ")";
  return text + "\n";
}

Json source_json(const Node& node) {
  const char* origins[] = {"file", "command_line", "default"};
  Json json{{"value", json_of(node)}, {"origin", origins[static_cast<int>(node.origin)]}};
  if (node.origin == Node::Origin::file)
    json.update({{"file", node.where.file}, {"line", node.where.line}, {"column", node.where.column}});
  return json;
}

Json as_json(const Explained& explained) {
  Json json{{"key", explained.path}};
  json.update(source_json(*explained.value));
  json["over"] = Json::array();
  for (const Node& over : explained.over) json["over"].push_back(source_json(over));
  if (explained.by_default) json["default"] = json_of(*explained.by_default);
  if (explained.key) json.update({{"doc", explained.key->doc}, {"takes", expected(*explained.key)}});
  return json;
}

}  // namespace

std::string explain(const ReadExperiment& read, const std::string& key, bool json) {
  std::vector<std::string> paths;
  add_all_paths(read.tree, "", paths);
  const std::string wanted = resolve_key(paths, key);
  const std::vector<Node> below = trees_below(read);
  std::string text;
  Json array = Json::array();
  for (const std::string& path : paths) {
    const Node& value = *find_value(read.tree, path);
    if ((path != wanted && !path.starts_with(wanted + ".")) || !is_leaf(value, path)) continue;
    const Explained explained = explain_leaf(path, value, below);
    if (json)
      array.push_back(as_json(explained));
    else
      text += as_text(explained);
  }
  if (const Key* chosen = find_key(wanted); chosen && !chosen->kinds.empty() && !json) text += kinds_text(*chosen);
  return json ? array.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : text;
}

}  // namespace rxrun
