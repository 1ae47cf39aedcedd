#include "experiment/tokens.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

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

// Whether a quote or a comment can start at `at`: behind a blank or an indicator.
bool starts_token(std::string_view text, std::size_t at) {
  return at == 0 || std::string_view(" \t\r\n,[]{}:").find(text[at - 1]) != std::string_view::npos;
}

std::size_t line_end(std::string_view text, std::size_t offset) {
  return std::min(text.find_first_of("\r\n", offset), text.size());
}

// The first bracket from `at` on that is in no string and no comment, or the end of the text.
std::size_t next_bracket(std::string_view text, std::size_t at) {
  while (at < text.size() && std::string_view("[]{}").find(text[at]) == std::string_view::npos) {
    if (starts_token(text, at) && (text[at] == '"' || text[at] == '\'')) {
      at = end_of_quoted(text, at).value_or(text.size());
    } else if (starts_token(text, at) && text[at] == '#') {
      at = line_end(text, at);
    } else {
      ++at;
    }
  }
  return at;
}

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

// A line may have a million scalars: nothing here looks further than the scalar goes.
std::size_t scalar_length(std::string_view text, std::size_t offset, std::string_view value) {
  if (offset >= text.size() || text[offset] == '|' || text[offset] == '>') return 1;
  std::string_view token = text.substr(offset, value.size());
  const bool quoted = text[offset] == '"' || text[offset] == '\'';
  if (quoted) {
    token = text.substr(offset, end_of_quoted(text, offset).value_or(text.size()) - offset);
  } else if (token != value) {
    token = text.substr(offset, line_end(text, offset) - offset);  // of several lines
    token = token.substr(0, token.find(" #"));
  }
  token = token.substr(0, token.find('\n'));
  while (!token.empty() && blanks.find(token.back()) != std::string_view::npos) token.remove_suffix(1);
  return std::max<std::size_t>(1, token.size());
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
  const std::size_t before = text.substr(0, std::min(from, text.size())).rfind('\n');
  for (std::size_t at = before == std::string_view::npos ? 0 : before + 1; at <= to && at < text.size();) {
    // The marker in front of the first document does not count.
    if (at >= from && at > 0 && text.substr(at, 3) == "---") return at;
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return std::nullopt;
}

std::optional<std::size_t> end_of_quoted(std::string_view text, std::size_t offset) {
  if (offset >= text.size() || (text[offset] != '"' && text[offset] != '\'')) return std::nullopt;
  const char quote = text[offset];
  for (std::size_t at = offset + 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote != '\'' || text.substr(at + 1, 1) != "'") return at + 1;
      ++at;
    }
  }
  return std::nullopt;
}

bool is_unclosed_quoted(std::string_view text, std::size_t offset) {
  if (offset >= text.size() || (text[offset] != '"' && text[offset] != '\'')) return false;
  return !end_of_quoted(text, offset);
}

bool is_followed_by_colon(std::string_view text, std::size_t offset) {
  const std::size_t next = text.find_first_not_of(" \t", offset);
  return next != std::string_view::npos && text[next] == ':';
}

bool has_closing_bracket(std::string_view text, std::size_t offset) {
  std::int64_t open = 0;
  for (std::size_t at = offset; at < text.size(); at = next_bracket(text, at + 1)) {
    open += text[at] == '[' || text[at] == '{' ? 1 : -1;
    if (open == 0) return true;
  }
  return false;
}

std::optional<std::size_t> bracket_deeper_than(std::string_view text, std::int64_t depth) {
  std::int64_t open = 0;
  for (std::size_t at = next_bracket(text, 0); at < text.size(); at = next_bracket(text, at + 1)) {
    const bool opens = text[at] == '[' || text[at] == '{';
    // In a plain value (`a[0]`) a bracket is a letter, but for a closing one that ends the list around it.
    if (opens && (starts_token(text, at) || open > 0)) ++open;
    if (!opens && open > 0) --open;
    if (open > depth) return at;
  }
  return std::nullopt;
}

std::string unclosed_message(char bracket) {
  return fmt::format("`{}` is never closed, expected `{}`", bracket, bracket == '{' ? '}' : ']');
}

std::optional<std::size_t> unclosed_quote(std::string_view text, std::size_t from) {
  for (std::size_t at = std::min(from, text.size()); at < text.size();) {
    if (!starts_token(text, at) || std::string_view("\"'#").find(text[at]) == std::string_view::npos) {
      ++at;
    } else if (text[at] == '#') {
      at = line_end(text, at);
    } else if (const std::optional<std::size_t> end = end_of_quoted(text, at)) {
      at = *end;
    } else {
      return at;
    }
  }
  return std::nullopt;
}

}  // namespace rxrun
