#include "experiment/overrides.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "diagnostics/render.h"
#include "diagnostics/utf8.h"
#include "experiment/key.h"
#include "experiment/paths.h"
#include "experiment/source_text.h"

namespace rxrun {
namespace {

using Path = std::vector<std::string>;

constexpr std::size_t most_candidates = 8;  // that an error lists

bool ends_in(const Path& path, const Path& tail) {
  return path.size() >= tail.size() && std::equal(tail.rbegin(), tail.rend(), path.rbegin());
}

Path without_last(Path path) {
  path.pop_back();
  return path;
}

const Node* node_at(const Node& root, const Path& path) {
  Node* node = const_cast<Node*>(&root);
  for (const std::string& part : path) {
    node = child(*node, part);
    if (node == nullptr) return nullptr;
  }
  return node;
}

// Finds what the word in front of `=` means.
class Resolver {
 public:
  Resolver(const Node& root, const std::vector<std::string>& known_paths) : root_(root) {
    for (const std::string& path : known_paths) known_.push_back(split_path(path));
  }

  // All that `tail` can mean: a key that is written and one that has its default are candidates alike, as for
  // `explain`. Only where there is neither, a key that is new in a written map, and then one of a kind that is not
  // chosen.
  std::vector<Path> candidates(const Path& tail) const {
    if (node_at(root_, tail) != nullptr || may_create(tail)) return {tail};
    std::set<Path> found = written(tail);
    if (found.empty()) found = beside_written(tail);
    found.merge(known(tail, true));
    if (found.empty()) found = known(tail, false);
    return {found.begin(), found.end()};
  }

  // The known name nearest to `tail`, as a whole path.
  std::optional<std::string> nearest(const Path& tail) const {
    std::vector<std::string> names, paths;
    const auto add = [&](const Path& path) {
      if (path.back() == "*") return;
      const std::size_t skip = path.size() > tail.size() ? path.size() - tail.size() : 0;
      names.push_back(join_path(Path(path.begin() + static_cast<std::ptrdiff_t>(skip), path.end())));
      paths.push_back(join_path(path));
    };
    for_each_path(root_, [&](const Path& path, const Node&) { add(path); });
    for (const Path& path : known_) add(path);
    const std::optional<std::string> name = nearest_name(join_path(tail), names);
    if (!name) return std::nullopt;
    return paths[static_cast<std::size_t>(std::find(names.begin(), names.end(), *name) - names.begin())];
  }

  // The names of the keys that are known just below `tail`; empty when it is no map.
  std::vector<std::string> keys_below(const Path& tail) const {
    std::vector<std::string> names;
    for (const Path& path : known_) {
      const auto at = std::search(path.begin(), path.end(), tail.begin(), tail.end());
      if (path.end() - at <= static_cast<std::ptrdiff_t>(tail.size())) continue;
      const std::string& name = *(at + static_cast<std::ptrdiff_t>(tail.size()));
      if (name != "*" && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
  }

 private:
  // Whether a known path or the pattern of an open map covers this one, and nothing that is no map stands in the way.
  bool may_create(const Path& path) const {
    const Node* node = &root_;
    bool parent_written = true;
    for (std::size_t i = 0; i + 1 < path.size() && parent_written; ++i) {
      const Node* next = child(const_cast<Node&>(*node), path[i]);
      if (next == nullptr && node->kind == Node::Kind::list) return false;
      parent_written = next != nullptr;
      if (parent_written) node = next;
    }
    if (parent_written && node->kind != Node::Kind::map && node->kind != Node::Kind::null && !replaceable(path))
      return false;
    return std::any_of(known_.begin(), known_.end(),
                       [&](const Path& pattern) { return covers(pattern, path, parent_written); });
  }

  // `schedule: constant` gives way to `schedule.cosine.minimum=0`.
  static bool replaceable(const Path& path) { return place_of_kind(path).has_value(); }

  // A last `*` is any key of an open map, and any deeper one beside keys that are written.
  static bool covers(const Path& pattern, const Path& path, bool parent_written) {
    const bool open = pattern.back() == "*";
    if (path.size() != pattern.size() && !(open && parent_written && path.size() > pattern.size())) return false;
    return std::equal(pattern.begin(), pattern.end(), path.begin(),
                      [](const std::string& p, const std::string& part) { return p == "*" || p == part; });
  }

  std::set<Path> written(const Path& tail) const {
    std::set<Path> found;
    for_each_path(root_, [&](const Path& path, const Node&) {
      if (ends_in(path, tail)) found.insert(path);
    });
    return found;
  }

  // `stages.0.stride`: the map is written, the key is new in it.
  std::set<Path> beside_written(const Path& tail) const {
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

  std::set<Path> known(const Path& tail, bool of_chosen_kind) const {
    std::set<Path> found;
    for (const Path& path : known_) {
      if (path.back() == "*" || !ends_in(path, tail) || (of_chosen_kind && !kind_is_chosen(path))) continue;
      if (std::find(path.begin(), path.end(), "*") == path.end()) found.insert(path);
    }
    return found;
  }

  bool kind_is_chosen(const Path& path) const {
    const std::optional<std::size_t> kind = place_of_kind(path);
    if (!kind) return true;
    const Path of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(*kind));
    const Node* node = node_at(root_, of);
    if (node == nullptr) return is_default(find_key(join_path(of)), path[*kind]);
    return node->kind == Node::Kind::string ? node->text == path[*kind] : node->find(path[*kind]) != nullptr;
  }

  static bool is_default(const Key* key, const std::string& kind) {
    Experiment pristine;
    return key->get(pristine).text == kind;
  }

  const Node& root_;
  std::vector<Path> known_;
};

void mark_origin(Node& node) {
  node.origin = Node::Origin::command_line;
  for (Node& item : node.items) mark_origin(item);
  for (Node::Entry& entry : node.entries) mark_origin(entry.value);
}

void set_text(Node& node, const std::string& word) {
  node.where.text = word;
  for (Node& item : node.items) set_text(item, word);
  for (Node::Entry& entry : node.entries) {
    entry.key_where.text = word;
    set_text(entry.value, word);
  }
}

std::string word_of(const Override& change) { return change.path + "=" + change.value; }

SourceLocation place_of_path(const Override& change) {
  return {"command line", 1, 1, static_cast<int>(std::max<std::size_t>(1, count_code_points(change.path))),
          word_of(change)};
}

// Behind a blank YAML begins a comment, which nobody writes here: `path=/data/a #1` is one path.
bool has_hash(std::string_view value) {
  if (std::string_view("\"'[{&*!|>").find(value.front()) != std::string_view::npos) return false;
  for (std::size_t at = value.find('#'); at != std::string_view::npos; at = value.find('#', at + 1))
    if (at == 0 || value[at - 1] == ' ' || value[at - 1] == '\t') return true;
  return false;
}

std::optional<Node> whole_text(std::string_view value, std::size_t column, Diagnostics& diagnostics) {
  const std::string padded = std::string(column, ' ') + std::string(value);
  const SourceText source(padded, "command line");
  if (!check_text(source, diagnostics)) return std::nullopt;
  return scalar(std::string(value), true, source.place(column, value.size()));
}

// The value stands where it stands in the word, so that carets point into what was typed.
std::optional<Node> read_value(const Override& change, Diagnostics& diagnostics, const DocumentLimits& limits) {
  const std::string word = word_of(change);
  const std::size_t column = count_code_points(change.path) + 1;
  const std::size_t start = change.value.find_first_not_of(" \t");
  if (start == std::string::npos) {
    return scalar(change.value, true, {"command line", 1, static_cast<int>(column), 1, word});
  }
  const std::string_view trimmed =
      std::string_view(change.value).substr(start, change.value.find_last_not_of(" \t") + 1 - start);
  Diagnostics own;
  std::optional<Node> value =
      has_hash(trimmed) ? whole_text(trimmed, column + start, own)
                        : parse_document(std::string(column, ' ') + change.value, "command line", own, limits);
  for (Diagnostic diagnostic : own.list()) {
    if (diagnostic.where.line == 0) diagnostic.where = place_of_path(change);
    if (diagnostic.where.line == 1) diagnostic.where.text = word;
    diagnostics.add(diagnostic);
  }
  if (!value || own.has_errors()) return std::nullopt;
  set_text(*value, word);
  mark_origin(*value);
  return value;
}

std::optional<Path> resolve(const Node& root, const Override& change, const std::vector<std::string>& known_paths,
                            Diagnostics& diagnostics) {
  const Path tail = split_path(change.path);
  const Resolver resolver(root, known_paths);
  std::vector<Path> found = resolver.candidates(tail);
  if (found.size() == 1) return std::move(found.front());
  if (found.empty()) {
    if (const std::vector<std::string> keys = resolver.keys_below(tail); !keys.empty()) {
      diagnostics.error(place_of_path(change),
                        fmt::format("`{}` is a map and cannot be set to a single value", change.path),
                        fmt::format("its keys are {}", fmt::join(keys, ", ")));
      return std::nullopt;
    }
    const std::optional<std::string> nearest = resolver.nearest(tail);
    diagnostics.error(place_of_path(change), unknown_key(change.path),
                      nearest ? fmt::format("did you mean `{}`?", *nearest) : "");
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(found.size(), most_candidates); ++i)
    names.push_back(fmt::format("`{}`", join_path(found[i])));
  if (found.size() > most_candidates) names.push_back(fmt::format("{} more", found.size() - most_candidates));
  diagnostics.error(place_of_path(change), fmt::format("`{}` matches {} keys", change.path, found.size()),
                    fmt::format("write more of the path: {}", fmt::join(names, ", ")));
  return std::nullopt;
}

// Sets the value, with the maps on the way to it. Choosing another kind drops the one that was chosen.
void set(Node& root, const Path& path, Node value, const SourceLocation& where) {
  Node* node = &root;
  std::string at;
  for (std::size_t i = 0; i < path.size(); ++i) {
    Node* next = child(*node, path[i]);
    if (next == nullptr) {
      if (node->kind != Node::Kind::map) {
        *node = Node{};
        node->kind = Node::Kind::map;
        node->where = where;
        node->origin = Node::Origin::command_line;
      }
      const bool makes_kind = selects_kind(at) && (i + 1 < path.size() || is_kind({path[i], where, value}));
      if (makes_kind) std::erase_if(node->entries, is_kind);
      next = &node->entries.emplace_back(Node::Entry{path[i], where, {}}).value;
    }
    node = next;
    at += (at.empty() ? "" : ".") + path[i];
  }
  *node = std::move(value);
}

// Calls `take` for each that can be read and fits one key, before it is set.
void for_each_resolved(Node& root, const std::vector<Override>& overrides, const std::vector<std::string>& known_paths,
                       Diagnostics& diagnostics, const DocumentLimits& limits,
                       const std::function<void(std::size_t, const Path&)>& take) {
  for (std::size_t i = 0; i < overrides.size(); ++i) {
    const std::optional<Path> path = resolve(root, overrides[i], known_paths, diagnostics);
    std::optional<Node> value = read_value(overrides[i], diagnostics, limits);
    if (!path || !value) continue;
    take(i, *path);
    set(root, *path, std::move(*value), place_of_path(overrides[i]));
  }
}

}  // namespace

Override parse_override(const std::string& word) {
  const std::size_t equals = word.find('=');
  const SourceLocation where{"command line", 1, 1, static_cast<int>(std::max<std::size_t>(1, count_code_points(word))),
                             word};
  if (equals == std::string::npos) {
    throw Error(Diagnostic{Severity::error, where, fmt::format("`{}` is not an override", word), "write `key=value`"});
  }
  const std::string path = word.substr(0, equals);
  if (path.find('(') != std::string::npos) {
    throw Error(Diagnostic{Severity::error, where, fmt::format("`{}` is not an override", word),
                           "`rxrun sweep` takes several values of a key; an override is `key=value`"});
  }
  const Path parts = split_path(path);
  if (std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); })) {
    throw Error(Diagnostic{Severity::error, where,
                           path.empty() ? "a key is missing before `=`" : fmt::format("`{}` has an empty part", path),
                           "write `key=value`"});
  }
  return {path, word.substr(equals + 1)};
}

std::string unknown_key(const std::string& path) { return fmt::format("there is no key `{}`", path); }

void apply_overrides(Node& root, const std::vector<Override>& overrides, const std::vector<std::string>& known_paths,
                     Diagnostics& diagnostics, const DocumentLimits& limits) {
  for_each_resolved(root, overrides, known_paths, diagnostics, limits, [](std::size_t, const Path&) {});
}

std::vector<std::string> targets_of(Node root, const std::vector<Override>& overrides,
                                    const std::vector<std::string>& known_paths) {
  std::vector<std::string> targets(overrides.size());
  Diagnostics ignored;
  for_each_resolved(root, overrides, known_paths, ignored, {},
                    [&](std::size_t i, const Path& path) { targets[i] = join_path(path); });
  return targets;
}

}  // namespace rxrun
