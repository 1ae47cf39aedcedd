#include "experiment/node_values.h"

#include <array>
#include <charconv>
#include <cmath>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

Node default_node(Node::Kind kind, std::string text) {
  Node node;
  node.kind = kind;
  node.origin = Node::Origin::default_value;
  node.text = std::move(text);
  return node;
}

template <typename Value>
Node list_node(const std::vector<Value>& values) {
  Node node = default_node(Node::Kind::list, {});
  for (const Value& value : values) node.items.push_back(to_node(value));
  return node;
}

std::string shortened(const std::string& text) {
  constexpr std::size_t longest = 60;
  if (text.size() <= longest) return printable(text);
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return printable(text.substr(0, end)) + "...";
}

struct Unit {
  const char* name;
  double bytes;
};
constexpr std::array<Unit, 9> units{{{"TiB", 1099511627776.0},
                                     {"GiB", 1073741824.0},
                                     {"MiB", 1048576.0},
                                     {"KiB", 1024.0},
                                     {"TB", 1e12},
                                     {"GB", 1e9},
                                     {"MB", 1e6},
                                     {"kB", 1e3},
                                     {"B", 1.0}}};

}  // namespace

std::string number_text(double value) {
  if (value == 0.0) return "0";
  // Of the two notations that read back, the one that a person would write.
  const double size = std::abs(value);
  const auto notation = size >= 1e-4 && size < 1e15 ? std::chars_format::fixed : std::chars_format::general;
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, notation).ptr;
  return {buffer.data(), end};
}

std::string value_text(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
      return node.boolean ? "true" : "false";
    case Node::Kind::integer:
      return std::to_string(node.integer);
    case Node::Kind::real:
      return number_text(node.real);
    case Node::Kind::string:
      return node.text;
    case Node::Kind::list:
      break;
    case Node::Kind::map:
      break;
  }
  const bool is_list = node.kind == Node::Kind::list;
  std::string text = is_list ? "[" : "{";
  for (const Node& item : node.items) text += (text.size() > 1 ? ", " : "") + value_text(item);
  for (const Node::Entry& entry : node.entries)
    text += (text.size() > 1 ? ", " : "") + entry.key + ": " + value_text(entry.value);
  return text + (is_list ? "]" : "}");
}

std::string found(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::boolean:
      return std::string("the boolean `") + (node.boolean ? "true" : "false") + "`";
    case Node::Kind::integer:
      return "the integer " + shortened(node.text);
    case Node::Kind::real:
      if (std::isnan(node.real)) return "not a number (`" + shortened(node.text) + "`)";
      return "the number " + shortened(node.text);
    case Node::Kind::string:
      return node.text.empty() ? "an empty string" : "the string `" + shortened(node.text) + "`";
    case Node::Kind::list:
      return node.items.empty() ? "an empty list" : "a list";
    case Node::Kind::map:
      return node.entries.empty() ? "an empty map" : "a map";
  }
  return {};
}

Node null_node() { return default_node(Node::Kind::null, "null"); }

Node to_node(bool value) {
  Node node = default_node(Node::Kind::boolean, value ? "true" : "false");
  node.boolean = value;
  return node;
}

Node to_node(std::int64_t value) {
  Node node = default_node(Node::Kind::integer, std::to_string(value));
  node.integer = value;
  node.real = static_cast<double>(value);
  return node;
}

Node to_node(std::uint64_t value) { return to_node(static_cast<std::int64_t>(value)); }

Node to_node(double value) {
  Node node = default_node(Node::Kind::real, number_text(value));
  node.real = value;
  return node;
}

Node to_node(const std::string& value) { return default_node(Node::Kind::string, value); }
Node to_node(const char* value) { return to_node(std::string(value)); }
Node to_node(const std::filesystem::path& value) { return to_node(value.string()); }
Node to_node(const std::optional<std::uint64_t>& value) { return value ? to_node(*value) : null_node(); }
Node to_node(const std::vector<double>& value) { return list_node(value); }
Node to_node(const std::vector<std::int64_t>& value) { return list_node(value); }
Node to_node(const std::variant<double, std::string>& value) {
  return std::visit([](const auto& alternative) { return to_node(alternative); }, value);
}

void store(const Node& node, bool& value) { value = node.boolean; }
void store(const Node& node, std::int64_t& value) { value = node.integer; }
void store(const Node& node, std::uint64_t& value) { value = static_cast<std::uint64_t>(node.integer); }
void store(const Node& node, double& value) { value = node.real; }
void store(const Node& node, std::string& value) { value = node.text; }
void store(const Node& node, std::filesystem::path& value) { value = node.text; }
void store(const Node& node, std::optional<std::uint64_t>& value) {
  value.reset();
  if (node.kind == Node::Kind::integer) value = static_cast<std::uint64_t>(node.integer);
}
void store(const Node& node, std::vector<double>& value) {
  value.clear();
  for (const Node& item : node.items) value.push_back(item.real);
}
void store(const Node& node, std::vector<std::int64_t>& value) {
  value.clear();
  for (const Node& item : node.items) value.push_back(item.integer);
}
void store(const Node& node, std::variant<double, std::string>& value) {
  if (node.is_number())
    value = node.real;
  else
    value = node.text;
}

std::optional<std::int64_t> bytes_of(const std::string& size) {
  double number = 0.0;
  const auto [end, fault] = std::from_chars(size.data(), size.data() + size.size(), number);
  if (fault != std::errc{}) return std::nullopt;
  std::string unit(end, size.data() + size.size());
  if (!unit.empty() && unit.front() == ' ') unit.erase(0, 1);
  for (const Unit& known : units) {
    if (unit != known.name) continue;
    const double bytes = std::floor(number * known.bytes);
    if (!(bytes >= 0.0 && bytes < 9.2e18)) return std::nullopt;
    return static_cast<std::int64_t>(bytes);
  }
  return std::nullopt;
}

std::string bytes_text(std::uint64_t bytes) {
  for (const Unit& unit : units) {
    const auto size = static_cast<std::uint64_t>(unit.bytes);
    const bool binary = unit.name[1] == 'i' || size == 1;
    if (binary && bytes >= size && bytes % size == 0) return std::to_string(bytes / size) + " " + unit.name;
  }
  return "0 B";
}

}  // namespace rxrun
