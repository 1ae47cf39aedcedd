#include "experiment/overrides.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "diagnostics/render.h"
#include "diagnostics/utf8.h"
#include "experiment/key.h"
#include "experiment/key_resolver.h"
#include "experiment/paths.h"
#include "experiment/source_text.h"

namespace rxrun {
namespace {

constexpr std::size_t most_candidates = 8;  // that an error lists

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

// `optimizer=sgd`, where `momentum` is of a kind that is not chosen; and all such kinds, in words.
std::string how_to_choose(const std::vector<Path>& unchosen) {
  std::vector<std::string> kinds;
  std::string example;
  for (const Path& path : unchosen) {
    const auto kind = path.begin() + static_cast<std::ptrdiff_t>(*place_of_kind(path));
    kinds.push_back(fmt::format("`{}`", join_path({path.begin(), kind + 1})));
    if (example.empty()) example = fmt::format("`{}={}`", *(kind - 1), *kind);
  }
  return fmt::format("it is of {}: choose {}, as in {}", fmt::join(kinds, ", "), kinds.size() == 1 ? "that" : "one",
                     example);
}

void tell_unknown(const KeyResolver& resolver, const Override& change, Diagnostics& diagnostics) {
  const Path tail = split_path(change.path);
  const SourceLocation where = place_of_path(change);
  if (const std::vector<std::string> keys = resolver.keys_below(tail); !keys.empty()) {
    diagnostics.error(where, fmt::format("`{}` is a map and cannot be set to a single value", change.path),
                      fmt::format("its keys are {}", fmt::join(keys, ", ")));
  } else if (const std::vector<Path> unchosen = resolver.unchosen(tail); !unchosen.empty()) {
    // Of a choice that is none, `optimizer=adamm`, the reader of the keys tells, and this key may be right.
    if (std::none_of(unchosen.begin(), unchosen.end(),
                     [&](const Path& path) { return resolver.has_no_such_kind(path); }))
      diagnostics.error(where, unchosen_key(change.path), how_to_choose(unchosen));
  } else {
    const std::optional<std::string> nearest = resolver.nearest(tail);
    diagnostics.error(where, unknown_key(change.path), nearest ? fmt::format("did you mean `{}`?", *nearest) : "");
  }
}

bool is_section(const Path& path) {
  const Key* key = find_key(join_path(path));
  return key && key->map && key->words.empty() && !key->nullable;
}

std::optional<Path> resolve(const KeyResolver& resolver, const Override& change, Diagnostics& diagnostics) {
  std::vector<Path> found = resolver.candidates(split_path(change.path));
  if (found.size() == 1) return std::move(found.front());
  if (found.empty()) {
    tell_unknown(resolver, change, diagnostics);
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

// Sets the value, with the maps on the way to it: those that were typed, the last `typed` parts of the path, come from
// the command line. Choosing another kind drops the one that was chosen.
void set(Node& root, const Path& path, std::size_t typed, Node value, const SourceLocation& where) {
  Node* node = &root;
  std::string at;
  for (std::size_t i = 0; i < path.size(); ++i) {
    Node* next = child(*node, path[i]);
    if (next == nullptr) {
      const bool is_word = node->kind != Node::Kind::map && node->kind != Node::Kind::null;
      const Node::Origin origin = i + typed >= path.size() ? Node::Origin::command_line
                                  : is_word                ? node->origin  // `optimizer=sgd`, and what is set in it
                                                           : Node::Origin::file;
      if (node->kind != Node::Kind::map) {
        const Node::Origin own = node->origin;
        *node = Node{};
        node->kind = Node::Kind::map;
        node->where = where;
        node->origin = own;
      }
      const bool makes_kind = selects_kind(at) && (i + 1 < path.size() || is_kind({path[i], where, value}));
      if (makes_kind) std::erase_if(node->entries, is_kind);
      next = &node->entries.emplace_back(Node::Entry{path[i], where, {}}).value;
      next->origin = origin;
      next->where = where;
    }
    node = next;
    at += (at.empty() ? "" : ".") + path[i];
  }
  *node = std::move(value);
}

// Overrides in the order in which they are set. A section, a choice or a list of layers as a whole comes before what
// is in it, and what names a kind before what does not: `lr=0.1 optimizer=sgd` sets the rate of sgd.
class Settings {
 public:
  Settings(Node& root, const std::vector<Override>& overrides, const std::vector<std::string>& known_paths)
      : root_(root), overrides_(overrides), known_paths_(known_paths), told_(overrides.size()) {}

  // Calls `take` for each that can be read and fits one key, before it is set.
  void apply(const DocumentLimits& limits, const std::function<void(std::size_t, const Path&)>& take) {
    for (const std::size_t i : in_order()) {
      std::optional<Node> value = read_value(overrides_[i], told_[i], limits);
      const std::optional<Path> path = resolve(KeyResolver(root_, known_paths_), overrides_[i], told_[i]);
      if (!path || !value || contradicts(*path, i)) continue;
      if (is_section(*path) && value->kind != Node::Kind::map) {
        tell_unknown(KeyResolver(root_, known_paths_), overrides_[i], told_[i]);
        continue;
      }
      take(i, *path);
      if (const Node* earlier = node_at(root_, *path); earlier && is_of_later_word(*earlier, i)) continue;
      set(root_, *path, typed(i), std::move(*value), place_of_path(overrides_[i]));
    }
  }

  // In the order of the words.
  void tell(Diagnostics& diagnostics) const {
    for (const Diagnostics& told : told_)
      for (const Diagnostic& diagnostic : told.list()) diagnostics.add(diagnostic);
  }

 private:
  std::size_t typed(std::size_t i) const { return split_path(overrides_[i].path).size(); }

  std::vector<std::size_t> in_order() const {
    const KeyResolver resolver(root_, known_paths_);
    constexpr std::size_t after_wholes = 1000, last = 1001;
    std::vector<std::pair<std::size_t, std::size_t>> ranked;
    for (std::size_t i = 0; i < overrides_.size(); ++i) {
      const std::vector<Path> found = resolver.candidates(split_path(overrides_[i].path));
      const Path path = found.size() == 1 ? found.front() : Path();
      const Key* key = path.empty() ? nullptr : find_key(join_path(path));
      const bool whole = key && (key->map || !key->kinds.empty() || key->layers || key->stages);
      ranked.emplace_back(whole ? path.size() : names_kind(path, typed(i)) ? after_wholes : last, i);
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<std::size_t> order;
    for (const auto& [rank, i] : ranked) order.push_back(i);
    return order;
  }

  bool is_of_later_word(const Node& node, std::size_t i) const {
    const auto wrote = [&](const Override& change) { return word_of(change) == node.where.text; };
    return node.origin == Node::Origin::command_line &&
           std::any_of(overrides_.begin() + static_cast<std::ptrdiff_t>(i) + 1, overrides_.end(), wrote);
  }

  // Whether another word leaves no place for it: `optimizer=adam` for `optimizer.sgd.lr=0.1`, whatever their order.
  bool contradicts(const Path& path, std::size_t i) {
    for (std::size_t size = 1; size < path.size(); ++size) {
      const Path above(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(size));
      const Node* node = node_at(root_, above);
      if (node == nullptr) return false;
      const bool chooses = selects_kind(join_path(above));
      if (chooses && node->kind == Node::Kind::map) {
        const auto kind = std::find_if(node->entries.begin(), node->entries.end(), is_kind);
        if (kind == node->entries.end() || kind->key == path[size]) continue;
        node = &kind->value;
      } else if (!node->is_scalar() || (chooses && KeyResolver(root_, known_paths_).chosen_kind(above) == path[size])) {
        continue;
      }
      if (node->origin != Node::Origin::command_line) continue;
      told_[i].error(place_of_path(overrides_[i]),
                     fmt::format("`{}` and `{}` contradict each other", printable(overrides_[i].path),
                                 printable(node->where.text)),
                     "keep only one of them");
      return true;
    }
    return false;
  }

  Node& root_;
  const std::vector<Override>& overrides_;
  const std::vector<std::string>& known_paths_;
  std::vector<Diagnostics> told_;
};

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
std::string unchosen_key(const std::string& path) { return fmt::format("`{}` is of no kind that is chosen", path); }

void apply_overrides(Node& root, const std::vector<Override>& overrides, const std::vector<std::string>& known_paths,
                     Diagnostics& diagnostics, const DocumentLimits& limits) {
  Settings settings(root, overrides, known_paths);
  settings.apply(limits, [](std::size_t, const Path&) {});
  settings.tell(diagnostics);
}

std::vector<std::string> targets_of(Node root, const std::vector<Override>& overrides,
                                    const std::vector<std::string>& known_paths) {
  std::vector<std::string> targets(overrides.size());
  Settings(root, overrides, known_paths).apply({}, [&](std::size_t i, const Path& path) {
    targets[i] = join_path(path);
  });
  return targets;
}

}  // namespace rxrun
