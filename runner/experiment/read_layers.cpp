// Layers, stages and network-wide values: which layers there are and what they take is the plugins' business, so that
// here only the form is checked.
#include <algorithm>
#include <cmath>

#include "diagnostics/render.h"
#include "experiment/key_reader.h"
#include "experiment/node_values.h"

namespace rxrun {
namespace {

bool declared(const std::vector<Key>& keys, const std::string& name) {
  for (const Key& key : keys)
    if (key.name == name) return true;
  return false;
}

constexpr std::size_t longest_name =
    200;  // bytes; YAML reads keys of up to 1024 characters, quotes and escapes with them

}  // namespace

bool KeyReader::check_name(const std::string& name, const SourceLocation& where) {
  if (!name.empty() && name.size() <= longest_name) return true;
  diagnostics_.error(where, "a name must have from 1 to " + std::to_string(longest_name) + " bytes, found " +
                                (name.empty() ? "none" : std::to_string(name.size())));
  return false;
}

bool KeyReader::check_option(const Node::Entry& option) {
  return check_name(option.key, option.key_where) && check_open_value(option.key, option.value);
}

bool KeyReader::check_open_value(const std::string& name, const Node& value) {
  if (value.kind == Node::Kind::map) {
    refuse(name, "a scalar or a list of scalars", value, {});
    return false;
  }
  if (value.kind == Node::Kind::list) {
    bool good = !value.items.empty();
    if (!good) refuse(name, "a scalar or a list of scalars", value, {});
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      const std::string element = name + "[" + std::to_string(i) + "]";
      if (value.items[i].is_scalar()) {
        good = check_open_value(element, value.items[i]) && good;
      } else {
        refuse(element, "a scalar", value.items[i], {});
        good = false;
      }
    }
    return good;
  }
  if (value.kind == Node::Kind::null) {
    refuse(name, "a scalar or a list of scalars", value, {});
    return false;
  }
  const bool overflow = value.kind == Node::Kind::real && value.text.find_first_of(".eE") == std::string::npos;
  if (value.kind == Node::Kind::real && (!std::isfinite(value.real) || overflow)) {
    refuse(name, overflow && std::isfinite(value.real) ? "a number" : "a finite number", value, {});
    return false;
  }
  return true;
}

void KeyReader::read_open_entries(const Node& map, const std::vector<Key>& keys, Node& result) {
  for (const Node::Entry& entry : map.entries) {
    if (declared(keys, entry.key)) continue;
    if (is_unknown(entry, keys, true)) {
      unknown_key(entry, keys, "network");
    } else if (check_option(entry)) {
      result.entries.push_back(entry);
    }
  }
}

Node KeyReader::read_layers(const Key& key, const Node& list) {
  Node result = list;
  result.items.clear();
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    Node layer = read_layer(list.items[i], key.name + "[" + std::to_string(i) + "]");
    if (layer.kind != Node::Kind::null) result.items.push_back(std::move(layer));
  }
  return result;
}

// A name, or a map from the name to the options; a name without options is written alone. Null when there was an error.
Node KeyReader::read_layer(const Node& item, const std::string& of) {
  const std::string wanted = "the name of a layer, or a map from it to its options";
  if (item.kind == Node::Kind::string && !item.text.empty())
    return check_name(item.text, item.where) ? item : null_node();
  if (item.kind != Node::Kind::map || item.entries.empty()) {
    refuse(of, wanted, item, {});
    return null_node();
  }
  if (item.entries.size() > 1) {
    const Node::Entry& second = item.entries[1];
    const bool not_indented = item.entries[0].value.kind == Node::Kind::null;
    diagnostics_.error(second.key_where,
                       "`" + of + "` must be one layer, found `" + printable(item.entries[0].key) + "` and `" +
                           printable(second.key) + "`",
                       not_indented
                           ? "indent the options of `" + printable(item.entries[0].key) + "` further than its name"
                           : "begin each layer with `- `");
    return null_node();
  }
  Node result = item;
  const Node::Entry& layer = item.entries[0];
  if (!check_name(layer.key, layer.key_where)) return null_node();
  if (layer.value.kind != Node::Kind::map && layer.value.kind != Node::Kind::null) {
    refuse(layer.key, "a map of the layer's options", layer.value, {});
    return null_node();
  }
  Node& options = result.entries[0].value;
  options.entries.clear();
  for (const Node::Entry& option : layer.value.entries)
    if (check_option(option)) options.entries.push_back(option);
  if (!layer.value.entries.empty()) return result;
  Node name = to_node(layer.key);
  name.origin = item.origin;
  name.where = layer.key_where;
  return name;
}

Node KeyReader::read_stages(const Key& key, const Node& list) {
  Node result = list;
  result.items.clear();
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Node& item = list.items[i];
    const std::string of = key.name + "[" + std::to_string(i) + "]";
    if (item.kind != Node::Kind::map) {
      refuse(of, "a map with `block`", item, {});
      continue;
    }
    Node stage = item;
    stage.entries.clear();
    for (const Key& known : key.keys) {
      const auto entry =
          std::find_if(item.entries.begin(), item.entries.end(), [&](const auto& e) { return e.key == known.name; });
      if (entry == item.entries.end()) {
        if (known.required)
          diagnostics_.error(item.where, "`" + known.name + "` is required in `" + of + "`",
                             "`" + known.name + "`: " + known.doc);
        else
          stage.entries.push_back({known.name, {}, default_of(known)});
        continue;
      }
      Node accepted = entry->value;
      if (!accept(known, accepted)) {
        if (known.required) continue;
        accepted = default_of(known);
      }
      stage.entries.push_back({known.name, entry->key_where, std::move(accepted)});
    }
    for (const Node::Entry& option : item.entries)
      if (!declared(key.keys, option.key) && check_option(option)) stage.entries.push_back(option);
    if (stage.find("block")) result.items.push_back(std::move(stage));
  }
  return result;
}

}  // namespace rxrun
