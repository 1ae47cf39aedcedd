#include "experiment/node.h"

#include <locale.h>
#include <stdlib.h>

#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string_view>
#include <tuple>

namespace rxrun {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

// Drops the leading digits of `text` and says how many there were.
std::size_t skip_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  text.remove_prefix(count);
  return count;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_real(std::string_view text) {
  text = without_sign(text);
  const std::size_t whole = skip_digits(text);
  std::size_t fraction = 0;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    fraction = skip_digits(text);
  }
  if (whole + fraction == 0) return false;
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text = without_sign(text.substr(1));
    if (skip_digits(text) == 0) return false;
  }
  return text.empty();
}

// The base of an integer as written, 0 if it is none, and its digits.
int integer_base(std::string_view text, std::string_view& digits) {
  for (const auto& [prefix, base, allowed] :
       {std::tuple{"0o", 8, "01234567"}, std::tuple{"0x", 16, "0123456789abcdefABCDEF"}}) {
    if (text.substr(0, 2) != prefix) continue;
    digits = text.substr(2);
    return !digits.empty() && digits.find_first_not_of(allowed) == std::string_view::npos ? base : 0;
  }
  digits = text.substr(text.size() - without_sign(text).size());
  std::string_view rest = digits;
  const bool all = skip_digits(rest) > 0 && rest.empty();
  if (!text.empty() && text[0] == '-') digits = text;  // from_chars reads a minus, but no plus
  return all ? 10 : 0;
}

// strtod by the "C" locale whatever the program's is: overflow gives infinity, underflow the nearest.
double to_real(const std::string& text) {
  static const locale_t c_locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
  return ::strtod_l(text.c_str(), nullptr, c_locale);
}

bool set_integer(Node& node) {
  std::string_view digits;
  const int base = integer_base(node.text, digits);
  if (base == 0) return false;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), node.integer, base);
  if (result.ec == std::errc()) {
    node.kind = Node::Kind::integer;
    node.real = static_cast<double>(node.integer);
  } else {
    node.kind = Node::Kind::real;
    node.integer = 0;
    // strtod reads hexadecimal, but no octal; an octal number beyond 64 bits is larger than any bound we check.
    node.real = base == 8 ? 0x1p64 : to_real(node.text);
  }
  return true;
}

bool set_real(Node& node) {
  const std::string_view unsigned_text = without_sign(node.text);
  if (is_one_of(unsigned_text, {".inf", ".Inf", ".INF"})) {
    node.real = node.text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  } else if (is_one_of(node.text, {".nan", ".NaN", ".NAN"})) {
    node.real = std::numeric_limits<double>::quiet_NaN();
  } else if (looks_real(node.text)) {
    node.real = to_real(node.text);
  } else {
    return false;
  }
  node.kind = Node::Kind::real;
  return true;
}

}  // namespace

const Node* Node::find(const std::string& key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Node* Node::find(const std::string& key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

std::int64_t count_nodes(const Node& node) {
  std::int64_t count = 1;
  for (const Node& item : node.items) count += count_nodes(item);
  for (const Node::Entry& entry : node.entries) count += count_nodes(entry.value);
  return count;
}

const char* to_string(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
      return "a boolean";
    case Node::Kind::integer:
      return "an integer";
    case Node::Kind::real:
      return "a real number";
    case Node::Kind::string:
      return "a string";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "nothing";
}

Node scalar(std::string text, bool quoted, SourceLocation where) {
  Node node;
  node.kind = Node::Kind::string;
  node.text = std::move(text);
  node.where = std::move(where);
  if (quoted) return node;
  if (is_one_of(node.text, {"", "~", "null", "Null", "NULL"})) {
    node.kind = Node::Kind::null;
  } else if (is_one_of(node.text, {"true", "True", "TRUE", "false", "False", "FALSE"})) {
    node.kind = Node::Kind::boolean;
    node.boolean = node.text[0] == 't' || node.text[0] == 'T';
  } else if (!set_integer(node)) {
    set_real(node);
  }
  return node;
}

}  // namespace rxrun
