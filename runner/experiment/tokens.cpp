#include "experiment/tokens.h"

#include <algorithm>

namespace rxrun {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view word_ends = " \t\r\n,[]{}";

std::size_t skip_blanks_and_comments(std::string_view text, std::size_t offset) {
  while (offset < text.size()) {
    if (text[offset] == '#') {
      offset = std::min(text.find('\n', offset), text.size());
    } else if (blanks.find(text[offset]) != std::string_view::npos) {
      ++offset;
    } else {
      break;
    }
  }
  return offset;
}

// Past the closing quote of the string that opens at `offset`, or the end of the text.
std::size_t end_of_quoted(std::string_view text, std::size_t offset) {
  const char quote = text[offset];
  for (std::size_t at = offset + 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote != '\'' || text.substr(at + 1, 1) != "'") return at + 1;
      ++at;
    }
  }
  return text.size();
}

std::size_t line_end(std::string_view text, std::size_t offset) { return std::min(text.find_first_of("\r\n", offset), text.size()); }

}  // namespace

std::size_t skip_properties(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  while (offset < text.size() && (text[offset] == '&' || text[offset] == '!')) {
    if (text.substr(offset, 2) == "!<") offset = std::min(text.find('>', offset), text.size() - 1) + 1;
    offset = std::min(text.find_first_of(word_ends, offset), text.size());
    offset = skip_blanks_and_comments(text, offset);
  }
  return offset;
}

std::size_t scalar_length(std::string_view text, std::size_t offset, std::string_view value) {
  if (offset >= text.size()) return 1;
  const std::size_t end = line_end(text, offset);
  if (text[offset] == '"' || text[offset] == '\'') return std::max<std::size_t>(1, std::min(end_of_quoted(text, offset), end) - offset);
  if (text[offset] == '|' || text[offset] == '>') return 1;
  if (text.substr(offset, value.size()) == value) return std::max<std::size_t>(1, std::min(value.size(), end - offset));
  // A plain scalar of several lines: to the end of the first, without a comment.
  std::string_view line = text.substr(offset, end - offset);
  line = line.substr(0, line.find(" #"));
  while (!line.empty() && blanks.find(line.back()) != std::string_view::npos) line.remove_suffix(1);
  return std::max<std::size_t>(1, line.size());
}

std::size_t word_length(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return 1;
  return std::max<std::size_t>(1, std::min(text.find_first_of(word_ends, offset), text.size()) - offset);
}

std::size_t null_word_length(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return 0;
  const std::size_t length = std::min(text.find_first_of(" \t\r\n,[]{}:", offset), text.size()) - offset;
  const std::string_view word = text.substr(offset, length);
  return word == "~" || word == "null" || word == "Null" || word == "NULL" ? length : 0;
}

std::optional<std::size_t> document_marker(std::string_view text, std::size_t from, std::size_t to) {
  std::optional<std::size_t> found;
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos && at + 1 <= to; at = text.find('\n', at + 1)) {
    const std::string_view line = text.substr(at + 1, 3);
    if (line == "---" || (line == "..." && !found)) found = at + 1;
  }
  return found;
}

std::optional<std::size_t> unclosed_quote(std::string_view text, std::size_t from) {
  for (std::size_t at = std::min(from, text.size()); at < text.size();) {
    const bool opens = (text[at] == '"' || text[at] == '\'') && (at == 0 || std::string_view(" \t\r\n,[]{}:").find(text[at - 1]) != std::string_view::npos);
    if (!opens) {
      at = text[at] == '#' && (at == 0 || blanks.find(text[at - 1]) != std::string_view::npos) ? line_end(text, at) : at + 1;
      continue;
    }
    const std::size_t end = end_of_quoted(text, at);
    if (end == text.size() && (end - at < 2 || text[end - 1] != text[at])) return at;
    at = end;
  }
  return std::nullopt;
}

}  // namespace rxrun
