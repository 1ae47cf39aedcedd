#include "experiment/tags.h"

#include <string_view>
#include <utility>

namespace rxrun {
namespace {

constexpr std::string_view core_tags = "tag:yaml.org,2002:";

}  // namespace

std::string shown_tag(const std::string& tag) {
  return tag.starts_with(core_tags) ? "!!" + tag.substr(core_tags.size()) : tag;
}

bool fits_tag(Node::Kind kind, const std::string& tag) {
  const std::string own = std::string(core_tags) + (kind == Node::Kind::map ? "map" : "seq");
  return tag == "?" || tag == "!" || tag.empty() || tag == own;
}

std::optional<Node> tagged_scalar(const std::string& value, const std::string& tag, SourceLocation where, bool& fits) {
  fits = true;
  if (tag == "?") return scalar(value, false, std::move(where));
  if (tag == "!" || tag == "tag:yaml.org,2002:str") return scalar(value, true, std::move(where));
  if (!tag.starts_with(core_tags)) return std::nullopt;
  const std::string kind = tag.substr(core_tags.size());
  Node node = scalar(value, false, std::move(where));
  if (kind == "float" && node.is_number()) node.kind = Node::Kind::real;
  const std::pair<const char*, Node::Kind> kinds[] = {{"null", Node::Kind::null},
                                                      {"bool", Node::Kind::boolean},
                                                      {"int", Node::Kind::integer},
                                                      {"float", Node::Kind::real}};
  for (const auto& [name, expected] : kinds) {
    if (kind != name) continue;
    fits = node.kind == expected;
    return node;
  }
  return std::nullopt;
}

}  // namespace rxrun
