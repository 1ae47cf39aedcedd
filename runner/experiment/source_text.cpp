#include "experiment/source_text.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "diagnostics/render.h"
#include "diagnostics/utf8.h"

namespace rxrun {
namespace {

constexpr std::size_t longest_shown_line = 64u << 10;

std::string_view encoding_of_mark(std::string_view text) {
  using namespace std::string_view_literals;
  if (text.starts_with("\xff\xfe\0\0"sv) || text.starts_with("\0\0\xfe\xff"sv)) return "UTF-32";
  if (text.starts_with("\xff\xfe"sv) || text.starts_with("\xfe\xff"sv)) return "UTF-16";
  if (text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0')) return "UTF-16";
  return {};
}

bool check_encoding(const SourceText& source, Diagnostics& diagnostics) {
  const std::string_view text = source.text();
  const std::string_view encoding = encoding_of_mark(text);
  if (!encoding.empty()) {
    diagnostics.error(source.whole_file(), fmt::format("the file is {}, expected UTF-8", encoding), "save it as UTF-8");
    return false;
  }
  return true;
}

std::string name_of(char32_t c) {
  if (c == 0) return "a NUL character";
  const bool bidirectional =
      c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  return fmt::format("the {} character U+{:04X}", bidirectional ? "bidirectional" : "control",
                     static_cast<unsigned>(c));
}

// The first byte that is no UTF-8, and the first character that may not be in a YAML file.
bool check_characters(const SourceText& source, Diagnostics& diagnostics) {
  const std::string_view text = source.text();
  bool utf8 = true, clean = true;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    const bool line_end = c.value == '\n' || (c.value == '\r' && text.substr(at + 1, 1) == "\n");
    if (!c.valid && utf8) {
      utf8 = false;
      diagnostics.error(source.place(at),
                        fmt::format("byte 0x{:02X} is not valid UTF-8", static_cast<unsigned>(c.value)),
                        "save the file as UTF-8");
    } else if (c.valid && clean && is_control(c.value) && c.value != '\t' && !line_end) {
      clean = false;
      diagnostics.error(source.place(at, c.size), name_of(c.value) + " is not allowed", "remove it");
    }
    at += c.size;
  }
  return utf8 && clean;
}

// Whether a line ends in the header of a block scalar: `key: |`, `- >-`, `text: |2  # comment`.
bool starts_block_scalar(std::string_view line) {
  line = line.substr(0, line.find(" #"));
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  while (!line.empty() && std::string_view("+-123456789").find(line.back()) != std::string_view::npos)
    line.remove_suffix(1);
  if (line.empty() || (line.back() != '|' && line.back() != '>')) return false;
  line.remove_suffix(1);
  return line.empty() || line.back() == ' ';
}

bool check_indentation(const SourceText& source, Diagnostics& diagnostics) {
  bool in_block = false;
  std::size_t block_indent = 0, tabs = 0;
  SourceLocation first;
  for (std::size_t number = 0; number < source.line_count(); ++number) {
    const std::string_view line = source.line(number);
    const std::size_t content = line.find_first_not_of(" \t");
    if (content == std::string_view::npos) continue;
    const std::size_t spaces = line.find_first_not_of(' ');
    if (in_block && spaces > block_indent) continue;
    in_block = starts_block_scalar(line);
    block_indent = spaces;
    if (spaces == content || line[content] == '#') continue;
    if (tabs++ == 0)
      first = source.place(static_cast<std::size_t>(line.data() - source.text().data()) + spaces, content - spaces);
  }
  if (tabs == 0) return true;
  const std::string more = tabs > 1 ? fmt::format(" (and in {})", counted(tabs - 1, "more line")) : "";
  diagnostics.error(first, "tab in the indentation" + more, "indent with spaces");
  return false;
}

}  // namespace

SourceText::SourceText(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {
  starts_.push_back(0);
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    starts_.push_back(static_cast<std::uint32_t>(at + 1));
  }
}

std::size_t SourceText::line_of(std::size_t offset) const {
  return static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), offset) - starts_.begin()) - 1;
}

std::string_view SourceText::line(std::size_t number) const {
  const std::size_t end = number + 1 < starts_.size() ? starts_[number + 1] - 1 : text_.size();
  std::string_view line = text_.substr(starts_[number], end - starts_[number]);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

SourceLocation SourceText::place_without_text(std::size_t offset, std::size_t bytes) const {
  offset = std::min(offset, text_.size());
  const std::size_t number = line_of(offset);
  if (number != last_line_ || offset < last_offset_) {
    last_line_ = number;
    last_offset_ = starts_[number];
    last_column_ = 0;
  }
  last_column_ += count_code_points(text_.substr(last_offset_, offset - last_offset_));
  last_offset_ = offset;
  const std::size_t line_end = starts_[number] + line(number).size();
  const std::size_t marked = offset < line_end ? std::min(bytes, line_end - offset) : 0;
  const std::size_t length = std::max<std::size_t>(1, count_code_points(text_.substr(offset, marked)));
  return {file_, static_cast<int>(number + 1), static_cast<int>(last_column_ + 1), static_cast<int>(length), {}};
}

SourceLocation SourceText::place(std::size_t offset, std::size_t bytes) const {
  SourceLocation where = place_without_text(offset, bytes);
  const std::string_view whole = line(static_cast<std::size_t>(where.line) - 1);
  if (static_cast<std::size_t>(where.column) < longest_shown_line / 4) where.text = whole.substr(0, longest_shown_line);
  return where;
}

SourceLocation SourceText::bounded_place(std::size_t offset, std::size_t bytes) const {
  SourceLocation where = place_without_text(offset, bytes);
  const std::string_view whole = line(static_cast<std::size_t>(where.line) - 1);
  if (whole.size() > std::min(longest_shown_line, texts_left_)) return where;
  texts_left_ -= whole.size();
  where.text = whole;
  return where;
}

std::size_t SourceText::offset_of(const SourceLocation& place) const {
  const std::size_t number = static_cast<std::size_t>(place.line) - 1;
  const std::size_t wanted = static_cast<std::size_t>(place.column) - 1;
  if (number != last_line_ || wanted < last_column_) {
    last_line_ = number;
    last_offset_ = starts_[number];
    last_column_ = 0;
  }
  for (; last_column_ < wanted; ++last_column_) last_offset_ += decode_utf8(text_, last_offset_).size;
  return last_offset_;
}

std::string forbidden_character(std::string_view value) {
  for (std::size_t at = 0; at < value.size();) {
    const CodePoint c = decode_utf8(value, at);
    at += c.size;
    if (!c.valid) return "an invalid character";
    if (c.value != '\n' && c.value != '\t' && is_control(c.value))
      return fmt::format("the control character U+{:04X}", static_cast<unsigned>(c.value));
  }
  return {};
}

bool check_text(const SourceText& source, Diagnostics& diagnostics) {
  if (!check_encoding(source, diagnostics)) return false;
  const bool characters = check_characters(source, diagnostics);
  const bool indentation = check_indentation(source, diagnostics);
  return characters && indentation;
}

}  // namespace rxrun
