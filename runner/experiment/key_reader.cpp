// Maps, kinds and defaults. Scalars and lists: accept.cpp; layers and stages: read_layers.cpp.
#include "experiment/key_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "diagnostics/render.h"
#include "experiment/node_values.h"
#include "experiment/sections.h"

namespace rxrun {
namespace {

const Key* find(const std::vector<Key>& keys, const std::string& name) {
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == name; });
  return key == keys.end() ? nullptr : &*key;
}

Node map_like(const Node& node) {
  Node map;
  map.kind = Node::Kind::map;
  map.origin = node.origin;
  map.where = node.where;
  return map;
}

std::vector<std::string> names_of(const std::vector<Key>& keys) {
  std::vector<std::string> names;
  for (const Key& key : keys) names.push_back(key.name);
  return names;
}

std::string in(const std::string& of) { return of.empty() ? "" : " in `" + of + "`"; }

}  // namespace

Node KeyReader::read_map(const Node& written, const std::vector<Key>& keys, const std::string& of, bool open) {
  const Node map = spread(written, keys);
  Node result = map_like(map);
  for (const Key& key : keys) {
    if (key.consumed || !key.spread.empty()) continue;
    const auto entry =
        std::find_if(map.entries.begin(), map.entries.end(), [&](const auto& e) { return e.key == key.name; });
    if (entry != map.entries.end()) {
      result.entries.push_back({key.name, entry->key_where, read_value(key, *entry)});
    } else if (key.required) {
      faulty_.insert(key.name);
      if (!is_misspelt(key, map, keys, open))
        diagnostics_.error(map.where, "`" + key.name + "` is required" + in(of),
                           key.doc.empty() ? "" : "`" + key.name + "`: " + key.doc);
    } else {
      result.entries.push_back({key.name, {}, default_of(key)});
      store(key, result.entries.back().value);
    }
  }
  if (open) {
    read_open_entries(map, keys, result);
  } else {
    for (const Node::Entry& entry : map.entries)
      if (!find(keys, entry.key)) unknown_key(entry, keys, of);
  }
  return result;
}

// `betas: [0.9, 0.999]` becomes beta1 and beta2.
Node KeyReader::spread(const Node& map, const std::vector<Key>& keys) {
  if (std::none_of(keys.begin(), keys.end(), [](const Key& k) { return !k.spread.empty(); })) return map;
  Node result = map_like(map);
  for (const Node::Entry& entry : map.entries) {
    const Key* key = find(keys, entry.key);
    if (!key || key->spread.empty()) {
      result.entries.push_back(entry);
      continue;
    }
    Node list = entry.value;
    if (!accept(*key, list)) continue;
    for (std::size_t i = 0; i < key->spread.size(); ++i) {
      const std::string& name = key->spread[i];
      if (map.find(name))
        diagnostics_.error(entry.key_where, "`" + key->name + "` and `" + name + "` set the same value",
                           "keep only one of them");
      else
        result.entries.push_back({name, entry.key_where, list.items[i]});
    }
  }
  return result;
}

// Whether an unknown key will be answered with this one: that it is missing is said with that.
bool KeyReader::is_misspelt(const Key& key, const Node& map, const std::vector<Key>& keys, bool open) {
  return std::any_of(map.entries.begin(), map.entries.end(), [&](const Node::Entry& entry) {
    return is_unknown(entry, keys, open) && where_it_belongs(entry.key).empty() &&
           nearest_name(entry.key, names_of(keys)) == key.name;
  });
}

// In an open map a scalar may have any name; a list or a map is hardly meant as a value for layers when its name is
// that of a section, or nearly that of a key.
bool KeyReader::is_unknown(const Node::Entry& entry, const std::vector<Key>& keys, bool open) {
  if (find(keys, entry.key)) return false;
  const bool single = entry.value.is_scalar() && entry.value.kind != Node::Kind::null;
  return !open || (!single && (find(experiment_keys(), entry.key) || nearest_name(entry.key, names_of(keys))));
}

void KeyReader::unknown_key(const Node::Entry& entry, const std::vector<Key>& keys, const std::string& of) {
  const std::vector<std::string> names = names_of(keys);
  std::string advice = what_it_is_called(of, entry.key);
  if (advice.empty()) advice = where_it_belongs(entry.key);
  if (!advice.empty()) {
    // It is a key, but of another section or by another name.
  } else if (const auto near = nearest_name(entry.key, names)) {
    advice = "did you mean `" + *near + "`?";
  } else {
    advice = "known keys: ";
    for (const std::string& name : names) advice += (&name == &names.front() ? "" : ", ") + name;
  }
  diagnostics_.error(entry.key_where, "unknown key `" + printable(entry.key) + "`" + in(of), std::move(advice));
}

Node KeyReader::read_value(const Key& key, const Node::Entry& entry) {
  const std::size_t before = diagnostics_.list().size();
  Node node = read_known(key, entry);
  if (diagnostics_.list().size() > before) faulty_.insert(key.name);
  return node;
}

Node KeyReader::read_known(const Key& key, const Node::Entry& entry) {
  if (entry.value.kind == Node::Kind::null && key.nullable) {
    Node node = entry.value;
    node.text = "null";
    return node;
  }
  if (!key.kinds.empty()) return read_kind(key, entry);
  Node node = entry.value;
  const bool is_map = node.kind == Node::Kind::map;
  if (key.map && is_map) {
    // Of a map the place to show is its key: the value begins with the first of its own keys.
    node.where = entry.key_where;
    node = read_map(node, key.keys, key.name, key.open);
  } else if ((key.layers || key.stages) && node.kind == Node::Kind::list) {
    node = key.layers ? read_layers(key, node) : read_stages(key, node);
  } else if (key.layers || key.stages || (key.map && key.words.empty())) {
    refuse(key.name, expected(key), node, {},
           key.keys.empty() || !key.map ? "" : fmt::format("its keys: {}", fmt::join(names_of(key.keys), ", ")));
    return default_of(key);
  } else if (!accept(key, node)) {
    return default_of(key);
  }
  store(key, node);
  return node;
}

Node KeyReader::read_kind(const Key& key, const Node::Entry& entry) {
  const Node& value = entry.value;
  std::vector<std::string> names;
  for (const Kind& kind : key.kinds) names.push_back(kind.name);
  Node::Entry chosen;
  if (value.kind == Node::Kind::string) {
    chosen = {value.text, value.where, map_like(value)};
    chosen.value.origin = value.origin;
  } else if (const Node::Entry* only = value.kind == Node::Kind::map ? chosen_kind(key, value) : nullptr) {
    chosen = *only;
  } else {
    if (value.kind != Node::Kind::map || value.entries.empty()) refuse(key.name, expected(key), value, names);
    return default_of(key);
  }
  const auto kind = std::find(names.begin(), names.end(), chosen.key);
  if (kind == names.end()) {
    Node word = to_node(chosen.key);
    word.where = chosen.key_where;
    refuse(key.name, expected(key), word, names);
    return default_of(key);
  }
  if (chosen.value.kind == Node::Kind::null) {
    chosen.value = map_like(chosen.value);
  } else if (chosen.value.kind != Node::Kind::map) {
    refuse(chosen.key, "a map of its options", chosen.value, {});
    return default_of(key);
  }
  chosen.value.where = chosen.key_where;
  Node result = map_like(value);
  const std::vector<Key>& keys = key.kinds[static_cast<std::size_t>(kind - names.begin())].keys;
  result.entries.push_back({chosen.key, chosen.key_where, read_map(chosen.value, keys, chosen.key, false)});
  store(key, result);
  return result;
}

// The one entry of a map from a kind to its options; null when there was an error.
const Node::Entry* KeyReader::chosen_kind(const Key& key, const Node& map) {
  const auto is_kind = [&](const Node::Entry& entry) {
    return std::any_of(key.kinds.begin(), key.kinds.end(), [&](const Kind& kind) { return kind.name == entry.key; });
  };
  const auto first = std::find_if(map.entries.begin(), map.entries.end(), is_kind);
  if (map.entries.size() < 2) return map.entries.empty() ? nullptr : &map.entries.front();
  const Node::Entry& chosen = first == map.entries.end() ? map.entries.front() : *first;
  for (const Node::Entry& entry : map.entries) {
    if (&entry == &chosen) continue;
    const std::string kind = printable(chosen.key), other = printable(entry.key);
    if (is_kind(entry))
      diagnostics_.error(entry.key_where, fmt::format("`{}` names both `{}` and `{}`", key.name, kind, other),
                         "keep only one of them");
    else
      diagnostics_.error(entry.key_where,
                         fmt::format("`{}` must name one kind, found `{}` and `{}`", key.name, kind, other),
                         fmt::format("options belong to the kind: `{}: {{{}: ...}}`", kind, other));
  }
  return nullptr;
}

// A node that was accepted, with all that is below it (a map's values were stored as they were read; a default's are
// here).
void KeyReader::store(const Key& key, const Node& node) {
  if (node.kind == Node::Kind::null) return;
  if (node.origin == Node::Origin::default_value && node.kind == Node::Kind::map) {
    const Kind* kind = nullptr;
    for (const Kind& candidate : key.kinds)
      if (candidate.name == node.entries.at(0).key) kind = &candidate;
    const std::vector<Key>& keys = kind ? kind->keys : key.keys;
    const Node& map = kind ? node.entries.at(0).value : node;
    for (const Node::Entry& entry : map.entries) store(*find(keys, entry.key), entry.value);
  }
  if (key.set) key.set(experiment_, node);
}

}  // namespace rxrun
