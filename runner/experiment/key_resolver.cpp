#include "experiment/key_resolver.h"

#include <algorithm>

#include "diagnostics/render.h"
#include "experiment/interpolation.h"
#include "experiment/key.h"
#include "experiment/paths.h"

namespace rxrun {
namespace {

bool ends_in(const Path& path, const Path& tail) {
  return path.size() >= tail.size() && std::equal(tail.rbegin(), tail.rend(), path.rbegin());
}

bool is_pattern(const Path& path) { return std::find(path.begin(), path.end(), "*") != path.end(); }

Path first_of(const Path& path, std::size_t count) {
  return {path.begin(), path.begin() + static_cast<std::ptrdiff_t>(count)};
}

Path without_last(Path path) {
  path.pop_back();
  return path;
}

// A last `*` is any key of an open map, and any deeper one beside keys that are written.
bool covers(const Path& pattern, const Path& path, bool parent_written) {
  const bool open = pattern.back() == "*";
  if (path.size() != pattern.size() && !(open && parent_written && path.size() > pattern.size())) return false;
  return std::equal(pattern.begin(), pattern.end(), path.begin(),
                    [](const std::string& p, const std::string& part) { return p == "*" || p == part; });
}

}  // namespace

const Node* node_at(const Node& root, const Path& path) {
  Node* node = const_cast<Node*>(&root);
  for (const std::string& part : path) {
    node = child(*node, part);
    if (node == nullptr) return nullptr;
  }
  return node;
}

bool names_kind(const Path& path, std::size_t typed) {
  const std::optional<std::size_t> kind = place_of_kind(path);
  return kind && path.size() - *kind <= typed;
}

KeyResolver::KeyResolver(const Node& root, const std::vector<std::string>& known_paths) : root_(root) {
  for (const std::string& path : known_paths) known_.push_back(split_path(path));
}

std::vector<Path> KeyResolver::candidates(const Path& tail) const {
  if (node_at(root_, tail) != nullptr || may_create(tail)) return {tail};
  std::set<Path> found = written(tail);
  if (found.empty()) found = beside_written(tail);
  for (const Path& path : known_)
    if (!is_pattern(path) && ends_in(path, tail) && kind_is_chosen(path)) found.insert(path);
  if (found.empty())
    for (const Path& path : unchosen(tail))
      if (names_kind(path, tail.size())) found.insert(path);
  return {found.begin(), found.end()};
}

std::vector<Path> KeyResolver::unchosen(const Path& tail) const {
  std::vector<Path> found;
  for (const Path& path : known_)
    if (!is_pattern(path) && ends_in(path, tail) && !kind_is_chosen(path)) found.push_back(path);
  return found;
}

std::optional<std::string> KeyResolver::nearest(const Path& tail) const {
  std::vector<std::string> names, paths;
  const auto add = [&](const Path& path) {
    if (path.back() == "*") return;
    const std::size_t skip = path.size() > tail.size() ? path.size() - tail.size() : 0;
    names.push_back(join_path(Path(path.begin() + static_cast<std::ptrdiff_t>(skip), path.end())));
    paths.push_back(join_path(path));
  };
  for_each_path(root_, [&](const Path& path, const Node&) { add(path); });
  for (const Path& path : known_)
    if (kind_is_chosen(path)) add(path);
  const std::optional<std::string> name = nearest_name(join_path(tail), names);
  if (!name) return std::nullopt;
  return paths[static_cast<std::size_t>(std::find(names.begin(), names.end(), *name) - names.begin())];
}

std::vector<std::string> KeyResolver::keys_below(const Path& tail) const {
  std::vector<std::string> names;
  for (const Path& path : known_) {
    const auto at = std::search(path.begin(), path.end(), tail.begin(), tail.end());
    if (path.end() - at <= static_cast<std::ptrdiff_t>(tail.size())) continue;
    const std::string& name = *(at + static_cast<std::ptrdiff_t>(tail.size()));
    if (name != "*" && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

// Whether a known path or the pattern of an open map covers this one, and nothing that is no map stands in the way,
// but what gives way to a kind: `schedule: constant` to `schedule.cosine.minimum=0`.
bool KeyResolver::may_create(const Path& path) const {
  const Node* node = &root_;
  bool parent_written = true;
  for (std::size_t i = 0; i + 1 < path.size() && parent_written; ++i) {
    const Node* next = child(const_cast<Node&>(*node), path[i]);
    if (next == nullptr && node->kind == Node::Kind::list) return false;
    parent_written = next != nullptr;
    if (parent_written) node = next;
  }
  if (parent_written && node->kind != Node::Kind::map && node->kind != Node::Kind::null && !place_of_kind(path))
    return false;
  return std::any_of(known_.begin(), known_.end(),
                     [&](const Path& pattern) { return covers(pattern, path, parent_written); });
}

std::set<Path> KeyResolver::written(const Path& tail) const {
  std::set<Path> found;
  for_each_path(root_, [&](const Path& path, const Node&) {
    if (ends_in(path, tail)) found.insert(path);
  });
  return found;
}

// `stages.0.stride`: the map is written, the key is new in it.
std::set<Path> KeyResolver::beside_written(const Path& tail) const {
  std::set<Path> found;
  if (tail.size() < 2) return found;
  const Path parent = without_last(tail);
  for_each_path(root_, [&](const Path& path, const Node& node) {
    if (node.kind != Node::Kind::map || !ends_in(path, parent)) return;
    Path whole = path;
    whole.push_back(tail.back());
    if (may_create(whole)) found.insert(whole);
  });
  return found;
}

bool KeyResolver::kind_is_chosen(const Path& path) const {
  const std::optional<std::size_t> kind = place_of_kind(path);
  return !kind || chosen_kind(first_of(path, *kind)) == path[*kind];
}

bool KeyResolver::has_no_such_kind(const Path& path) const {
  const Path choice = first_of(path, *place_of_kind(path));
  const std::string chosen = chosen_kind(choice);
  const std::vector<Kind>& kinds = find_key(join_path(choice))->kinds;
  return !chosen.empty() &&
         std::none_of(kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.name == chosen; });
}

std::string KeyResolver::chosen_kind(const Path& path) const {
  const Node* node = node_at(root_, path);
  if (node == nullptr) {
    Experiment pristine;
    const Node by_default = find_key(join_path(path))->get(pristine);
    return by_default.kind == Node::Kind::string ? by_default.text : "";
  }
  if (node->kind == Node::Kind::map) {
    const auto kind = std::find_if(node->entries.begin(), node->entries.end(), is_kind);
    return kind == node->entries.end() ? "" : kind->key;
  }
  if (node->kind == Node::Kind::null) return {};
  if (!has_expression(*node)) return node->text;
  Node filled = root_;
  Diagnostics ignored;  // told when the whole is filled in
  interpolate(filled, ignored, {});
  const Node* value = node_at(filled, path);
  return value ? value->text : "";
}

}  // namespace rxrun
