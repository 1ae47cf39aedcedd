#include "experiment/key.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "experiment/node_values.h"

namespace rxrun {
namespace {

std::string either(const std::vector<std::string>& forms) {
  std::string text;
  for (std::size_t i = 0; i < forms.size(); ++i)
    text += (i == 0 ? "" : i + 1 == forms.size() ? " or " : ", ") + forms[i];
  return text;
}

std::string quoted(const std::string& word) { return "`" + word + "`"; }

Node map_of_defaults(const std::vector<Key>& keys) {
  Node map = null_node();
  map.kind = Node::Kind::map;
  map.text.clear();
  for (const Key& key : keys)
    if (!key.consumed && key.spread.empty() && !key.required) map.entries.push_back({key.name, {}, default_of(key)});
  return map;
}

}  // namespace

Node default_of(const Key& key) {
  Experiment pristine;
  Node value = key.get ? key.get(pristine) : map_of_defaults(key.keys);
  if (key.kinds.empty() || value.kind != Node::Kind::string) return value;
  const auto kind =
      std::find_if(key.kinds.begin(), key.kinds.end(), [&](const Kind& k) { return k.name == value.text; });
  Node map = map_of_defaults({});
  map.entries.push_back({value.text, {}, map_of_defaults(kind->keys)});
  return map;
}

std::string expected(const NumberForm& number) {
  if (!number.only.empty()) {
    std::vector<std::string> values;
    for (std::int64_t value : number.only) values.push_back(std::to_string(value));
    return either(values);
  }
  const auto text = [&](double bound) {
    const bool whole = bound == std::floor(bound) && std::abs(bound) <= 0x1p53;
    return whole ? std::to_string(static_cast<std::int64_t>(bound)) : number_text(bound);
  };
  std::string words = number.integer ? "an integer" : "a number";
  const auto& [low, high] = std::tie(number.minimum, number.maximum);
  if (low && high && !number.exclusive_minimum && !number.exclusive_maximum)
    return words + " from " + text(*low) + " to " + text(*high);
  if (low) words += (number.exclusive_minimum ? " greater than " : " of at least ") + text(*low);
  if (low && high) words += " and";
  if (high) words += (number.exclusive_maximum ? " less than " : " at most ") + text(*high);
  return words;
}

std::string expected(const Key& key) {
  if (!key.kinds.empty()) {
    std::vector<std::string> names;
    for (const Kind& kind : key.kinds) names.push_back(quoted(kind.name));
    return either(names) + ", or a map from " + (names.size() == 1 ? "it" : "one of them") + " to its options" +
           (key.nullable ? ", or null" : "");
  }
  if (key.layers) return "a list of layers";
  if (key.stages) return "a list of stages, each a map with `block`";
  std::vector<std::string> forms;
  if (key.boolean) forms = {"`true`", "`false`"};
  if (key.number && key.number->only.empty()) forms.push_back(expected(*key.number));
  if (key.number)
    for (std::int64_t value : key.number->only) forms.push_back(std::to_string(value));
  for (const std::string& word : key.words) forms.push_back(quoted(word));
  if (key.text) forms.push_back(key.text->what);
  if (key.map) forms.push_back("a map");
  if (key.list) {
    const bool counted = key.list->shortest == key.list->longest;
    forms.push_back(
        (counted ? "a list of " + std::to_string(key.list->longest) + " elements, each " : "a list, each element ") +
        (key.list->number ? expected(*key.list->number) : key.list->text.what));
  }
  if (key.nullable) forms.push_back("null");
  return either(forms);
}

}  // namespace rxrun
