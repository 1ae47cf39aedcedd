#include "plugin/schema.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "experiment/key.h"
#include "experiment/node_json.h"
#include "experiment/node_values.h"
#include "plugin/layer_schema.h"

namespace rxrun {
namespace {

using Json = nlohmann::ordered_json;

Json number_json(double value, bool integer) { return integer ? Json(static_cast<std::int64_t>(value)) : Json(value); }

Json number_schema(const NumberForm& form) {
  if (!form.only.empty()) return {{"enum", form.only}};
  Json schema{{"type", form.integer ? "integer" : "number"}};
  if (form.minimum)
    schema[form.exclusive_minimum ? "exclusiveMinimum" : "minimum"] = number_json(*form.minimum, form.integer);
  if (form.maximum)
    schema[form.exclusive_maximum ? "exclusiveMaximum" : "maximum"] = number_json(*form.maximum, form.integer);
  return schema;
}

Json text_schema(const TextForm& form) {
  Json schema{{"type", "string"}};
  if (!form.pattern.empty()) schema["pattern"] = form.pattern;
  if (form.shortest > 0) schema["minLength"] = form.shortest;
  schema["maxLength"] = form.longest;
  return schema;
}

Json list_schema(const ListForm& form) {
  Json element = form.number ? number_schema(*form.number) : text_schema(form.text);
  return {{"type", "array"},
          {"items", or_expression(std::move(element))},
          {"minItems", form.shortest},
          {"maxItems", form.longest}};
}

Json map_schema(const std::vector<Key>& keys, bool closed);

// A kind's name alone, where nothing in it is required, or a map of one entry.
std::vector<Json> kind_forms(const Key& key) {
  Json names = Json::array();
  Json properties = Json::object();
  for (const Kind& kind : key.kinds) {
    const bool complete = std::none_of(kind.keys.begin(), kind.keys.end(), [](const Key& k) { return k.required; });
    if (complete) names.push_back(kind.name);
    Json options = map_schema(kind.keys, true);
    if (complete) options = {{"anyOf", {std::move(options), {{"type", "null"}}}}};
    options["description"] = kind.doc;
    properties[kind.name] = std::move(options);
  }
  return {{{"enum", std::move(names)}},
          {{"type", "object"},
           {"properties", std::move(properties)},
           {"additionalProperties", false},
           {"minProperties", 1},
           {"maxProperties", 1}}};
}

Json stage_schema(const std::vector<Key>& keys) {
  Json schema = map_schema(keys, false);
  schema["required"] = {"block"};
  schema["allOf"] = {{{"$ref", "#/definitions/block_options"}}};
  return schema;
}

Json key_schema(const Key& key) {
  std::vector<Json> forms;
  if (!key.kinds.empty()) forms = kind_forms(key);
  if (key.boolean) forms.push_back({{"type", "boolean"}});
  if (key.map) forms.push_back(map_schema(key.keys, !key.open));
  if (key.number) {
    forms.push_back(number_schema(*key.number));
    if (!key.zero_word.empty()) forms.push_back({{"const", 0}});
  }
  if (key.list) forms.push_back(list_schema(*key.list));
  if (!key.words.empty()) forms.push_back({{"enum", key.words}});
  if (key.text) forms.push_back(text_schema(*key.text));
  if (key.layers) forms.push_back({{"type", "array"}, {"items", {{"$ref", "#/definitions/layer"}}}});
  if (key.stages) forms.push_back({{"type", "array"}, {"items", stage_schema(key.keys)}});
  if (key.nullable) forms.push_back({{"type", "null"}});
  const bool only_containers = (key.map && forms.size() == 1) || key.layers || key.stages;
  if (!only_containers) forms.push_back({{"$ref", "#/definitions/expression"}});
  Json schema = forms.size() == 1 ? std::move(forms.front()) : Json{{"anyOf", std::move(forms)}};
  schema["description"] = key.doc;
  Experiment pristine;
  const bool has_default = key.get && !key.required && !key.layers && !key.stages && !key.consumed;
  if (const Json value = has_default ? json_of(key.get(pristine)) : Json(); !value.is_null()) schema["default"] = value;
  return schema;
}

Json map_schema(const std::vector<Key>& keys, bool closed) {
  Json properties = Json::object();
  for (const Key& key : keys) properties[key.name] = key_schema(key);
  Json schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (closed) schema["additionalProperties"] = false;
  return schema;
}

// What has to be there unless it can come from the file that this one extends.
Json required_schema(const std::vector<Key>& keys) {
  Json required = Json::array();
  Json properties = Json::object();
  for (const Key& key : keys) {
    if (key.required) required.push_back(key.name);
    if (!key.map) continue;
    Json inner = required_schema(key.keys);
    if (!inner.empty()) properties[key.name] = std::move(inner);
  }
  Json schema = Json::object();
  if (!required.empty()) schema["required"] = std::move(required);
  if (!properties.empty()) schema["properties"] = std::move(properties);
  return schema;
}

}  // namespace

std::string experiment_schema(const std::vector<LayerInfo>& layers) {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
              {"title", "rxrun experiment"},
              {"description", "Generated by `rxrun schema`; do not edit."}};
  const Json keys = map_schema(experiment_keys(), true);
  for (const auto& [name, value] : keys.items()) schema[name] = value;
  schema["anyOf"] = {{{"required", {"extends"}}}, required_schema(experiment_keys())};
  Json& network = schema["properties"]["network"];
  const Json shared = shared_options(layers);
  for (const auto& [name, value] : shared.items())
    if (!network["properties"].contains(name)) network["properties"][name] = value;
  network["additionalProperties"] = {{"$ref", "#/definitions/option"}};
  schema["definitions"] = layer_definitions(layers);
  return schema.dump(1) + "\n";
}

}  // namespace rxrun
