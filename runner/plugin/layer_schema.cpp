#include "plugin/layer_schema.h"

namespace rxrun {
namespace {

using Json = nlohmann::ordered_json;

struct AsJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(const Extent& extent) const {
    if (extent.height == extent.width) return extent.height;
    return {extent.height, extent.width};
  }
  template <typename Value>
  Json operator()(const Value& value) const {
    return value;
  }
};

Json number_schema(const OptionInfo& option) {
  const bool real = option.type == OptionType::real;
  const auto bound = [&](double value) { return real ? Json(value) : Json(static_cast<std::int64_t>(value)); };
  Json schema{{"type", real ? "number" : "integer"}};
  if (option.minimum) schema[option.exclusive_minimum ? "exclusiveMinimum" : "minimum"] = bound(*option.minimum);
  if (option.maximum) schema[option.exclusive_maximum ? "exclusiveMaximum" : "maximum"] = bound(*option.maximum);
  return schema;
}

Json type_schema(const OptionInfo& option) {
  switch (option.type) {
    case OptionType::boolean:
      return {{"type", "boolean"}};
    case OptionType::string:
      if (!option.choices.empty()) return {{"enum", option.choices}};
      return {{"type", "string"}};
    case OptionType::extent: {
      Json number = number_schema(option);
      Json pair{{"type", "array"}, {"items", number}, {"minItems", 2}, {"maxItems", 2}};
      return {{"anyOf", {std::move(number), std::move(pair)}}};
    }
    default:
      return number_schema(option);
  }
}

Json option_schema(const OptionInfo& option) {
  Json schema = or_expression(type_schema(option));
  if (!option.doc.empty()) schema["description"] = option.doc;
  const Json value = std::visit(AsJson{}, option.default_value);
  if (!value.is_null()) schema["default"] = value;
  return schema;
}

Json options_schema(const LayerInfo& layer) {
  Json properties = Json::object();
  for (const OptionInfo& option : layer.options) properties[option.name] = option_schema(option);
  return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

// An item of `stem` or `head`: a name, or a map from it to its options.
Json layer_schema(const std::vector<LayerInfo>& layers) {
  Json names = Json::array();
  Json properties = Json::object();
  for (const LayerInfo& layer : layers) {
    names.push_back(layer.name);
    Json schema{{"anyOf", {options_schema(layer), {{"type", "null"}}}}};
    if (!layer.doc.empty()) schema["description"] = layer.doc;
    properties[layer.name] = std::move(schema);
  }
  Json name{{"type", "string"}, {"minLength", 1}};
  Json known{{"enum", std::move(names)}};
  Json map{{"type", "object"},
           {"properties", std::move(properties)},
           {"additionalProperties", {{"$ref", "#/definitions/options"}}},
           {"minProperties", 1},
           {"maxProperties", 1}};
  Json forms = Json::array();
  if (!layers.empty()) forms.push_back(std::move(known));  // what an editor offers
  forms.push_back(std::move(name));
  forms.push_back(std::move(map));
  return {{"anyOf", std::move(forms)}};
}

// A stage's own options follow from its block.
Json block_options_schema(const std::vector<LayerInfo>& layers) {
  Json properties{{"block", Json{{"anyOf", Json::array()}}}};
  Json cases = Json::array();
  Json names = Json::array();
  for (const LayerInfo& layer : layers) {
    if (layer.block) names.push_back(layer.name);
    Json then = options_schema(layer);
    then["properties"]["block"] = true;
    then["properties"]["depth"] = true;
    cases.push_back({{"if", {{"properties", {{"block", {{"const", layer.name}}}}}, {"required", {"block"}}}},
                     {"then", std::move(then)}});
  }
  properties["block"]["anyOf"].push_back({{"enum", std::move(names)}});
  properties["block"]["anyOf"].push_back({{"type", "string"}, {"minLength", 1}});
  Json schema{{"properties", std::move(properties)}, {"additionalProperties", {{"$ref", "#/definitions/option"}}}};
  // Completion offers an option of any block; the case of the block itself is what decides.
  const Json offered = shared_options(layers);
  for (const auto& [name, value] : offered.items()) schema["properties"][name] = value;
  schema["properties"]["depth"] = true;
  if (!cases.empty()) schema["allOf"] = std::move(cases);
  return schema;
}

}  // namespace

Json or_expression(Json schema) { return {{"anyOf", {std::move(schema), {{"$ref", "#/definitions/expression"}}}}}; }

Json layer_definitions(const std::vector<LayerInfo>& layers) {
  const Json scalar{{"type", {"boolean", "number", "string"}}};
  return {
      {"expression",
       {{"type", "string"}, {"pattern", "\\$\\{.+\\}"}, {"description", "${env:NAME:default} or ${path.to.key}"}}},
      {"option", {{"anyOf", {scalar, {{"type", "array"}, {"items", scalar}, {"minItems", 1}}}}}},
      {"options",
       {{"anyOf",
         {{{"type", "object"}, {"additionalProperties", {{"$ref", "#/definitions/option"}}}}, {{"type", "null"}}}}}},
      {"layer", layer_schema(layers)},
      {"block_options", block_options_schema(layers)}};
}

Json shared_options(const std::vector<LayerInfo>& layers) {
  Json properties = Json::object();
  for (const LayerInfo& layer : layers)
    for (const OptionInfo& option : layer.options)
      if (!properties.contains(option.name)) properties[option.name] = Json{{"$ref", "#/definitions/option"}};
  return properties;
}

}  // namespace rxrun
