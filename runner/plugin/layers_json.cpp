#include <nlohmann/json.hpp>

#include "diagnostics/json_fault.h"
#include "diagnostics/render.h"
#include "plugin/catalog.h"
#include "plugin/layer_table.h"

namespace rxrun {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const OptionValue& value) {
  struct Visitor {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool v) const { return v; }
    Json operator()(std::int64_t v) const { return v; }
    Json operator()(double v) const { return v; }
    Json operator()(const std::string& v) const { return v; }
    Json operator()(const Extent& v) const { return Json::array({v.height, v.width}); }
  };
  return std::visit(Visitor{}, value);
}

// Only what differs from an empty OptionInfo is written, so that tables of later versions stay readable.
Json to_json(const OptionInfo& option) {
  Json json{{"name", option.name}, {"type", to_string(option.type)}};
  if (!std::holds_alternative<std::monostate>(option.default_value)) json["default"] = to_json(option.default_value);
  if (option.optional) json["optional"] = true;
  if (option.number_of_classes) json["number_of_classes"] = true;
  if (option.minimum) json[option.exclusive_minimum ? "greater_than" : "minimum"] = *option.minimum;
  if (option.maximum) json[option.exclusive_maximum ? "less_than" : "maximum"] = *option.maximum;
  if (!option.choices.empty()) json["choices"] = option.choices;
  json["doc"] = option.doc;
  return json;
}

Json to_json(const LayerInfo& layer) {
  Json json{{"name", layer.name}, {"type_name", layer.type_name}};
  if (!layer.weight_prefix.empty()) json["weight_prefix"] = layer.weight_prefix;
  if (layer.block) json["block"] = true;
  if (layer.view) json["view"] = true;
  if (layer.revision != 1) json["revision"] = layer.revision;
  json["doc"] = layer.doc;
  json["options"] = Json::array();
  for (const OptionInfo& option : layer.options) json["options"].push_back(to_json(option));
  return json;
}

OptionType type_from(const std::string& name) {
  for (const OptionType type :
       {OptionType::boolean, OptionType::integer, OptionType::real, OptionType::string, OptionType::extent}) {
    if (name == to_string(type)) return type;
  }
  throw std::invalid_argument("unknown option type `" + name + "`");
}

OptionValue value_from(const Json& json, OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return json.get<bool>();
    case OptionType::integer:
      if (!json.is_number_integer()) throw std::invalid_argument("a default is not an integer");
      return json.get<std::int64_t>();
    case OptionType::real:
      return json.get<double>();
    case OptionType::string:
      return json.get<std::string>();
    case OptionType::extent: {
      if (!json.is_array() || json.size() != 2)
        throw std::invalid_argument("an extent's default is not [height, width]");
      return Extent{json[0].get<std::int64_t>(), json[1].get<std::int64_t>()};
    }
  }
  return std::monostate{};
}

OptionInfo option_from(const Json& json) {
  OptionInfo option;
  option.name = json.at("name").get<std::string>();
  option.type = type_from(json.at("type").get<std::string>());
  if (json.contains("default")) option.default_value = value_from(json["default"], option.type);
  option.optional = json.value("optional", false);
  option.number_of_classes = json.value("number_of_classes", false);
  option.exclusive_minimum = json.contains("greater_than");
  option.exclusive_maximum = json.contains("less_than");
  const char* minimum = option.exclusive_minimum ? "greater_than" : "minimum";
  const char* maximum = option.exclusive_maximum ? "less_than" : "maximum";
  if (json.contains(minimum)) option.minimum = json[minimum].get<double>();
  if (json.contains(maximum)) option.maximum = json[maximum].get<double>();
  if (json.contains("choices")) option.choices = json["choices"].get<std::vector<std::string>>();
  option.doc = json.at("doc").get<std::string>();
  return option;
}

LayerInfo layer_from(const Json& json) {
  LayerInfo layer;
  layer.name = json.at("name").get<std::string>();
  layer.type_name = json.at("type_name").get<std::string>();
  layer.weight_prefix = json.value("weight_prefix", std::string());
  layer.block = json.value("block", false);
  layer.view = json.value("view", false);
  layer.revision = json.value("revision", std::int64_t{1});
  layer.doc = json.at("doc").get<std::string>();
  for (const Json& option : json.at("options")) layer.options.push_back(option_from(option));
  return layer;
}

}  // namespace

std::string layers_to_json(const std::vector<LayerInfo>& layers) {
  Json json{{"version", 1}, {"layers", Json::array()}};
  for (const LayerInfo& layer : layers) json["layers"].push_back(to_json(layer));
  try {
    return json.dump(1) + "\n";
  } catch (const nlohmann::json::exception& error) {
    throw Error(Failure::usage, "the table of layers cannot be written as JSON: " + json_fault(error.what()));
  }
}

std::vector<LayerInfo> layers_from_json(const std::string& text, const std::filesystem::path& library) {
  std::vector<LayerInfo> layers;
  try {
    const Json json = Json::parse(text);
    if (json.at("version") != 1) throw std::invalid_argument("unknown version " + json["version"].dump());
    for (const Json& layer : json.at("layers")) layers.push_back(layer_from(layer));
  } catch (const std::exception& error) {
    throw Error(Failure::usage,
                "plugin library `" + printable(library.string()) +
                    "` has a malformed table of layers: " + json_fault(error.what()),
                "build it again");
  }
  check_layer_table(layers, library);
  return layers;
}

}  // namespace rxrun
