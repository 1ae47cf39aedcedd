#include "diagnostics/json_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

// What stands between the two; `end` empty: the rest.
std::optional<std::string_view> between(std::string_view text, std::string_view begin, std::string_view end) {
  const std::size_t from = text.find(begin);
  if (from == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(from + begin.size());
  const std::size_t to = end.empty() ? rest.size() : rest.rfind(end);
  return to == std::string_view::npos ? std::nullopt : std::optional(rest.substr(0, to));
}

}  // namespace

std::string json_fault(const std::string& what) {
  std::string_view words = what;
  if (words.starts_with("[json.exception.")) words = words.substr(std::min(words.find("] ") + 2, words.size()));
  if (const auto key = between(words, "key '", "' not found"))
    return fmt::format("`{}` is missing", printable(std::string(*key)));
  const auto expected = between(words, "type must be ", ", but is "), found = between(words, ", but is ", "");
  if (expected && found) return fmt::format("expected {}, found {}", *expected, *found);
  if (const auto other = between(words, "cannot use at() with ", ""))
    return fmt::format("expected an object or a list, found {}", *other);
  return printable(std::string(words));
}

}  // namespace rxrun
