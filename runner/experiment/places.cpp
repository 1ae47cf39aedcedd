#include "experiment/places.h"

#include <algorithm>

#include "experiment/key.h"
#include "experiment/overrides.h"
#include "experiment/paths.h"
#include "files/files.h"

namespace rxrun {
namespace {

constexpr std::size_t most_files = 64;

const Node* child_of(const Node& node, const std::string& part) { return child(const_cast<Node&>(node), part); }

void add_paths(const std::vector<Key>& keys, const std::string& prefix, std::vector<std::string>& paths) {
  for (const Key& key : keys) {
    if (key.consumed) continue;
    const std::string path = prefix + key.name;
    paths.push_back(path);
    if (key.map) add_paths(key.keys, path + ".", paths);
    if (key.open) paths.push_back(path + ".*");
    for (const Kind& kind : key.kinds) add_paths(kind.keys, path + "." + kind.name + ".", paths);
  }
}

void add_files(const std::filesystem::path& file, std::vector<std::string>& files) {
  const bool known = std::find(files.begin(), files.end(), file.string()) != files.end();
  if (known || files.size() >= most_files) return;
  files.push_back(file.string());
  Diagnostics ignored;  // resolve_document tells them
  std::optional<Node> document;
  try {
    document = parse_document(read_file(file, DocumentLimits{}.bytes), file.string(), ignored);
  } catch (const Error&) {
    return;  // resolve_document tells it, with its place
  }
  const Node* base = document ? document->find("extends") : nullptr;
  if (!base) return;
  const auto add = [&](const std::string& name) { add_files((file.parent_path() / name).lexically_normal(), files); };
  if (base->kind == Node::Kind::string) add(base->text);
  for (auto item = base->items.rbegin(); item != base->items.rend(); ++item) add(item->text);  // a later one wins
}

void add_written(const Node& map, const std::string& prefix, std::map<std::string, SourceLocation>& places) {
  for (const Node::Entry& entry : map.entries) {
    const Node& value = entry.value;
    if (value.origin != Node::Origin::default_value && !value.where.file.empty())
      places[prefix + entry.key] = value.where;
    add_written(value, prefix + entry.key + ".", places);
  }
}

}  // namespace

const Node* find_value(const Node& tree, const std::string& path) {
  const Node* node = &tree;
  for (const std::string& part : split_path(path)) {
    node = child_of(*node, part);
    if (!node) return nullptr;
  }
  return node;
}

SourceLocation place_of(const Node& tree, const std::string& path) {
  const Node* node = &tree;
  SourceLocation where = tree.where;
  for (const std::string& part : split_path(path)) {
    node = child_of(*node, part);
    if (!node) break;
    if (node->origin != Node::Origin::default_value && !node->where.file.empty()) where = node->where;
  }
  return where;
}

std::map<std::string, SourceLocation> written_below(const Node& tree, const std::string& path) {
  std::map<std::string, SourceLocation> places;
  if (const Node* map = find_value(tree, path)) add_written(*map, "", places);
  return places;
}

SourceLocation nearest_place(const std::map<std::string, SourceLocation>& written, const std::string& key) {
  for (std::string name = key; !name.empty();) {
    if (const auto found = written.find(name); found != written.end()) return found->second;
    const std::size_t dot = name.rfind('.');
    name.resize(dot == std::string::npos ? 0 : dot);
  }
  return {};
}

const std::vector<std::string>& override_paths() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> all;
    add_paths(experiment_keys(), "", all);
    return all;
  }();
  return paths;
}

std::vector<std::string> override_targets(const std::filesystem::path& file, const std::vector<Override>& overrides) {
  Diagnostics ignored;  // told when the file is read with its overrides
  std::optional<Node> written = resolve_document(file, {}, {}, ignored);
  if (!written) return std::vector<std::string>(overrides.size());
  return targets_of(std::move(*written), overrides, override_paths());
}

std::vector<std::string> extended_files(const std::filesystem::path& file) {
  std::vector<std::string> files;
  add_files(file, files);
  return files;
}

}  // namespace rxrun
