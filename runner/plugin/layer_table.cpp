#include "plugin/layer_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 100 && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// `depth` says how often a block is repeated, `block` which one it is: stages use these keys themselves.
bool is_reserved(const LayerInfo& layer, const std::string& option) {
  return layer.block && (option == "depth" || option == "block");
}

std::string number_fault(const OptionInfo& option, double value, const std::string& text) {
  if (!std::isfinite(value)) return "must be a finite number, not " + text;
  if (option.minimum && (option.exclusive_minimum ? value <= *option.minimum : value < *option.minimum)) {
    return (option.exclusive_minimum ? "must be greater than " : "must be at least ") + number_text(*option.minimum) +
           ", not " + text;
  }
  if (option.maximum && (option.exclusive_maximum ? value >= *option.maximum : value > *option.maximum)) {
    return (option.exclusive_maximum ? "must be less than " : "must be at most ") + number_text(*option.maximum) +
           ", not " + text;
  }
  return {};
}

bool holds_type(const OptionValue& value, OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return std::holds_alternative<bool>(value);
    case OptionType::integer:
      return std::holds_alternative<std::int64_t>(value);
    case OptionType::real:
      return std::holds_alternative<double>(value);
    case OptionType::string:
      return std::holds_alternative<std::string>(value);
    case OptionType::extent:
      return std::holds_alternative<Extent>(value);
  }
  return false;
}

std::string option_fault(const OptionInfo& option) {
  if (option.number_of_classes && option.type != OptionType::integer)
    return "takes the number of classes, but is not an integer";
  if (!option.choices.empty() && option.type != OptionType::string) return "has choices, but is not a string";
  if (std::holds_alternative<std::monostate>(option.default_value)) return {};
  if (!holds_type(option.default_value, option.type)) return "has a default of another type";
  const std::string fault = range_fault(option, option.default_value);
  return fault.empty() ? fault : "has a bad default: it " + fault;
}

}  // namespace

std::string to_text(const OptionValue& value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return number_text(v); }
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(const Extent& v) const {
      if (v.height == v.width) return std::to_string(v.height);
      return fmt::format("[{}, {}]", v.height, v.width);
    }
  };
  return std::visit(Visitor{}, value);
}

std::string range_text(const OptionInfo& option) {
  std::string text;
  if (!option.choices.empty()) {
    for (const std::string& choice : option.choices) text += (text.empty() ? "" : " | ") + choice;
    return text;
  }
  if (option.minimum && option.maximum && !option.exclusive_minimum && !option.exclusive_maximum) {
    return number_text(*option.minimum) + " to " + number_text(*option.maximum);
  }
  if (option.minimum) text = (option.exclusive_minimum ? "> " : ">= ") + number_text(*option.minimum);
  if (option.maximum) {
    text += (text.empty() ? "" : ", ") + std::string(option.exclusive_maximum ? "< " : "<= ") +
            number_text(*option.maximum);
  }
  return text;
}

std::string range_fault(const OptionInfo& option, const OptionValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return number_fault(option, static_cast<double>(*integer), to_text(value));
  }
  if (const auto* real = std::get_if<double>(&value)) return number_fault(option, *real, to_text(value));
  if (const auto* extent = std::get_if<Extent>(&value)) {
    const std::string fault = number_fault(option, static_cast<double>(extent->height), std::to_string(extent->height));
    return fault.empty() ? number_fault(option, static_cast<double>(extent->width), std::to_string(extent->width))
                         : fault;
  }
  if (const auto* text = std::get_if<std::string>(&value); text != nullptr && !option.choices.empty()) {
    if (std::find(option.choices.begin(), option.choices.end(), *text) == option.choices.end()) {
      return "must be one of " + range_text(option) + ", not `" + printable(*text) + "`";
    }
  }
  return {};
}

void check_layer_table(const std::vector<LayerInfo>& layers, const std::filesystem::path& library) {
  const auto fail = [&](const std::string& cause) {
    throw Error(Failure::usage, "plugin library `" + printable(library.string()) + "` " + cause);
  };
  if (layers.empty()) fail("offers no layers");
  std::set<std::string> names;
  for (const LayerInfo& layer : layers) {
    if (!is_name(layer.name))
      fail("offers a layer by the name `" + printable(layer.name) +
           "`, which must consist of lower-case letters, digits and underscores");
    if (!names.insert(layer.name).second) fail("offers layer `" + layer.name + "` twice");
    if (layer.revision < 1) fail("has layer `" + layer.name + "` whose revision is less than 1");
    std::set<std::string> options;
    for (const OptionInfo& option : layer.options) {
      const std::string which = "has layer `" + layer.name + "` whose option `" + printable(option.name) + "` ";
      if (!is_name(option.name)) fail(which + "must be named with lower-case letters, digits and underscores");
      if (is_reserved(layer, option.name)) fail(which + "has a name that is reserved for stages");
      if (!options.insert(option.name).second) fail(which + "is declared twice");
      if (const std::string fault = option_fault(option); !fault.empty()) fail(which + fault);
    }
  }
}

}  // namespace rxrun
