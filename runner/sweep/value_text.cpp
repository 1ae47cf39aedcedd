#include "sweep/value_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/utf8.h"

namespace rxrun {
namespace {

char closing(char opening) { return opening == '(' ? ')' : opening == '[' ? ']' : '}'; }

}  // namespace

Piece trimmed(Piece piece) {
  while (!piece.text.empty() && piece.text.front() == ' ') {
    piece.text.remove_prefix(1);
    ++piece.offset;
  }
  while (!piece.text.empty() && piece.text.back() == ' ') piece.text.remove_suffix(1);
  return piece;
}

SourceLocation place_in_word(const std::string& word, Piece piece) {
  const std::string_view before = std::string_view(word).substr(0, piece.offset);
  return {"command line", 1, static_cast<int>(count_code_points(before)) + 1,
          static_cast<int>(std::max<std::size_t>(1, count_code_points(piece.text))), word};
}

std::vector<Piece> cut(const std::string& word, Piece piece, char separator) {
  std::vector<Piece> pieces;
  std::vector<std::size_t> open;
  const auto fail = [&](std::size_t at, const std::string& message) {
    throw Error(Diagnostic{.where = place_in_word(word, {piece.text.substr(at, 1), piece.offset + at}),
                           .message = message,
                           .advice = "put a value with literal brackets, quotes or commas in quotes "
                                     "of its own: key='\"...\"'"});
  };
  std::size_t start = 0;
  for (std::size_t i = 0; i < piece.text.size(); ++i) {
    const char c = piece.text[i];
    if (c == '"' || c == '\'') {
      // Only at the start of a value does a quote quote: `it's` is a word.
      const bool opens = i == start || std::string_view(" ,[({:=").find(piece.text[i - 1]) != std::string_view::npos;
      if (!opens) continue;
      std::size_t end = i + 1;
      while (end < piece.text.size() && piece.text[end] != c) end += c == '"' && piece.text[end] == '\\' ? 2 : 1;
      if (end >= piece.text.size()) fail(i, "this quote is not closed");
      i = end;
    } else if (c == '(' || c == '[' || c == '{') {
      open.push_back(i);
    } else if (c == ')' || c == ']' || c == '}') {
      if (open.empty() || closing(piece.text[open.back()]) != c) fail(i, fmt::format("unmatched `{}`", c));
      open.pop_back();
    } else if (c == separator && open.empty()) {
      pieces.push_back({piece.text.substr(start, i - start), piece.offset + start});
      start = i + 1;
    }
  }
  if (!open.empty()) fail(open.back(), fmt::format("`{}` is not closed", piece.text[open.back()]));
  pieces.push_back({piece.text.substr(start), piece.offset + start});
  return pieces;
}

std::string rounded_text(double number) { return fmt::format("{:.12g}", number); }

}  // namespace rxrun
