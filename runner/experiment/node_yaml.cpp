#include "experiment/node_yaml.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "experiment/node_values.h"

namespace rxrun {
namespace {

std::string scalar_text(const Node& node) {
  if (node.kind == Node::Kind::string) return yaml_text(node.text);
  std::string text = value_text(node);
  // A whole real keeps its point: it has to come back as a real.
  if (node.kind == Node::Kind::real && text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

// Plain where nothing in it could mean anything else, JSON's double quotes (which YAML 1.2 reads) otherwise.
std::string yaml_text(const std::string& text) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '/' || c == '-'; };
  const bool simple = !text.empty() && std::all_of(text.begin(), text.end(), plain) &&
                      (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '/') &&
                      scalar(text, false, {}).kind == Node::Kind::string;
  return simple ? text : nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string yaml_text(const Node& value) {
  if (value.is_scalar()) return scalar_text(value);
  const bool list = value.kind == Node::Kind::list;
  std::string text = list ? "[" : "{";
  for (const Node& item : value.items) text += (text.size() > 1 ? ", " : "") + yaml_text(item);
  for (const Node::Entry& entry : value.entries)
    text += (text.size() > 1 ? ", " : "") + yaml_text(entry.key) + ": " + yaml_text(entry.value);
  return text + (list ? "]" : "}");
}

}  // namespace rxrun
