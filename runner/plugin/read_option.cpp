#include "plugin/read_option.h"

#include "diagnostics/render.h"
#include "plugin/layer_table.h"

namespace rxrun {
namespace {

std::string expected(OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return "true or false";
    case OptionType::integer:
      return "an integer";
    case OptionType::real:
      return "a number";
    case OptionType::string:
      return "a string";
    case OptionType::extent:
      return "an integer or [height, width]";
  }
  return {};
}

std::string given(const Node& node) {
  const std::string kind = to_string(node.kind);
  return node.is_scalar() && node.kind != Node::Kind::null ? kind + " `" + printable(node.text) + "`" : kind;
}

// monostate: not of the option's type.
OptionValue typed(OptionType type, const Node& node) {
  const auto is_integer = [](const Node& n) { return n.kind == Node::Kind::integer; };
  switch (type) {
    case OptionType::boolean:
      if (node.kind == Node::Kind::boolean) return node.boolean;
      break;
    case OptionType::integer:
      if (is_integer(node)) return node.integer;
      break;
    case OptionType::real:
      if (node.is_number()) return node.real;
      break;
    case OptionType::string:
      if (node.kind == Node::Kind::string) return node.text;
      break;
    case OptionType::extent:
      if (is_integer(node)) return Extent{node.integer, node.integer};
      if (node.kind == Node::Kind::list && node.items.size() == 2 && is_integer(node.items[0]) &&
          is_integer(node.items[1])) {
        return Extent{node.items[0].integer, node.items[1].integer};
      }
      break;
  }
  return std::monostate{};
}

std::string advice(OptionType type, const Node& node) {
  if (node.kind == Node::Kind::string && type != OptionType::string) {
    const Node unquoted = scalar(node.text, false, node.where);
    if (unquoted.kind != Node::Kind::string && !std::holds_alternative<std::monostate>(typed(type, unquoted)))
      return "write it without quotes";
    if (type == OptionType::boolean && (node.text == "yes" || node.text == "on")) return "write true";
    if (type == OptionType::boolean && (node.text == "no" || node.text == "off")) return "write false";
  }
  if (type == OptionType::string && node.is_scalar() && node.kind != Node::Kind::null) return "write it in quotes";
  return {};
}

}  // namespace

OptionResult read_option(const OptionInfo& option, const std::string& layer, const Node& node) {
  OptionResult result;
  const std::string which = "option `" + option.name + "` of layer `" + layer + "` ";
  if (node.kind == Node::Kind::null && (option.optional || option.number_of_classes)) return result;
  result.value = typed(option.type, node);
  if (std::holds_alternative<std::monostate>(result.value)) {
    result.fault = which + "takes " + expected(option.type) + ", not " + given(node);
    result.advice = advice(option.type, node);
    return result;
  }
  if (const std::string fault = range_fault(option, result.value); !fault.empty()) {
    result.fault = which + fault;
    if (!option.choices.empty()) {
      if (const auto nearest = nearest_name(node.text, option.choices))
        result.advice = "did you mean `" + *nearest + "`?";
    }
  }
  return result;
}

}  // namespace rxrun
