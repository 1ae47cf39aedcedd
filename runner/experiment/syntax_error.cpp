#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include <fmt/format.h>

#include "experiment/tokens.h"
#include "experiment/tree_builder.h"

namespace rxrun {
namespace {

struct Wording {
  std::string_view original;  // how yaml-cpp's message begins
  const char* message;
  const char* advice;
};

constexpr std::array wordings = {
    Wording{"end of map not found", "expected another `key: value` of the enclosing map",
            "check the indentation, and that a space follows each `:`"},
    Wording{"end of sequence not found", "expected another `- item` of the enclosing list", "check the indentation"},
    Wording{"end of map flow not found", "expected `,` or `}` here", ""},
    Wording{"end of sequence flow not found", "expected `,` or `]` here", ""},
    Wording{"illegal map value", "`:` is not allowed here",
            "quote the value if the colon belongs to it, or check the indentation"},
    Wording{"illegal map key", "a key is not allowed here", "check the indentation"},
    Wording{"illegal block entry", "`- ` is not allowed here",
            "start the list on a line of its own, or quote the value"},
    Wording{"illegal flow end", "unmatched closing bracket", ""},
    Wording{"illegal tab when looking for indentation", "tab in the indentation", "indent with spaces"},
    Wording{"illegal document indicator in scalar", "a document marker inside a quoted string",
            "is the closing quote missing?"},
    Wording{"illegal character in scalar", "a character that is not allowed in a plain value", "quote the value"},
    Wording{"the referenced anchor is not defined", "the alias has no anchor before it",
            "quote the value if `*` belongs to it"},
    Wording{"alias not found after *", "a name is missing after `*`", "quote the value if `*` belongs to it"},
    Wording{"anchor not found after &", "a name is missing after `&`", "quote the value if `&` belongs to it"},
    Wording{"illegal character found while scanning alias", "a character that is not allowed in the name of an alias",
            "quote the value if `*` belongs to it"},
    Wording{"illegal character found while scanning anchor", "a character that is not allowed in the name of an anchor",
            "quote the value if `&` belongs to it"},
    Wording{"unknown escape character", "unknown escape sequence",
            "write `\\\\` for a backslash, or use single quotes"},
    Wording{"bad character found while scanning hex number", "escape sequence with too few hexadecimal digits",
            "write `\\\\` for a backslash, or use single quotes"},
    Wording{"invalid unicode", "escape sequence for an invalid Unicode character", ""},
    Wording{"unexpected character in block scalar", "unexpected text after `|` or `>`",
            "the text of a block starts on the next line"},
    Wording{"cannot set zero indentation", "an indentation of 0 after `|` or `>`", "leave the digit out"},
    Wording{"cannot assign multiple tags", "a second tag for one value", ""},
    Wording{"cannot assign multiple anchors", "a second anchor for one value", ""},
    Wording{"cannot assign multiple aliases", "a second alias for one value", ""},
    Wording{"aliases can't have any content", "an alias with a tag, anchor or value of its own", ""},
    Wording{"YAML major version too large", "the file requires a later YAML version than 1.2", ""},
};

std::size_t offset_of(const SourceText& source, const YAML::Mark& mark) {
  if (mark.is_null() || mark.pos < 0) return source.text().size();
  return std::min(static_cast<std::size_t>(mark.pos), source.text().size());
}

bool only_blanks_from(std::string_view text, std::size_t offset) {
  return text.find_first_not_of(" \t\r\n", offset) == std::string_view::npos;
}

// What was opened last and never closed, if the text ended in it.
bool tell_unclosed(const SourceText& source, std::string_view message, const TreeBuilder& builder,
                   Diagnostics& diagnostics) {
  if (message.starts_with("illegal EOF in scalar") || message.starts_with("illegal document indicator")) {
    const std::optional<std::size_t> quote = unclosed_quote(source.text(), builder.last_offset());
    if (!quote) return false;
    diagnostics.error(source.place(*quote), "the quoted string is never closed", "add the closing quote");
    return true;
  }
  if (builder.open().empty() || !builder.open().back().flow) return false;
  const TreeBuilder::Frame& frame = builder.open().back();
  diagnostics.error(source.place(frame.offset), unclosed_message(frame.node->kind == Node::Kind::map ? '{' : '['));
  return true;
}

// A line of text as far as it tells whether its writer meant a `key: value`.
struct Line {
  std::size_t number = 0, indent = 0;
  std::size_t column = 0;    // of the content, behind the dashes of a list
  std::size_t at = 0;        // its offset in the text
  std::string_view content;  // without comment and blanks behind it

  bool in_list() const { return column != indent; }
};

Line line_at(const SourceText& source, std::size_t number) {
  const std::string_view whole = source.line(number);
  Line line;
  line.number = number;
  line.indent = std::min(whole.find_first_not_of(' '), whole.size());
  line.column = line.indent;
  while (whole.substr(line.column, 2) == "- ")
    line.column = std::min(whole.find_first_not_of(' ', line.column + 1), whole.size());
  line.content = whole.substr(line.column);
  if (line.content.starts_with('#')) line.content = {};
  line.content = line.content.substr(0, line.content.find(" #"));
  line.content = line.content.substr(0, line.content.find_last_not_of(" \t") + 1);
  line.at = static_cast<std::size_t>(whole.data() - source.text().data()) + line.column;
  return line;
}

// The nearest line above that is neither blank nor a comment.
std::optional<Line> line_above(const SourceText& source, std::size_t number) {
  while (number-- > 0)
    if (const Line line = line_at(source, number); !line.content.empty()) return line;
  return std::nullopt;
}

// The `:` behind the key of a line.
std::optional<std::size_t> key_colon(std::string_view content) {
  content = content.substr(0, content.find_first_of("{["));
  for (std::size_t at = content.find(':'); at != std::string_view::npos; at = content.find(':', at + 1)) {
    if (at + 1 == content.size() || content[at + 1] == ' ' || content[at + 1] == '\t') return at;
  }
  return std::nullopt;
}

bool has_value(std::string_view content) {
  const std::optional<std::size_t> colon = key_colon(content);
  return colon && *colon + 1 < content.size();
}

// Whether a line stands among others that are the text of one value: `key: some text` and, indented, more of it.
bool continues_value(const SourceText& source, const Line& line) {
  std::optional<Line> above = line_above(source, line.number);
  while (above && above->indent == line.indent && !key_colon(above->content)) above = line_above(source, above->number);
  return above && above->column < line.indent && has_value(above->content);
}

// Whether the line is but the end of a list, map or string that an earlier one opens.
bool ends_earlier_value(std::string_view content) {
  const auto count = [&](std::string_view letters) {
    return std::count_if(content.begin(), content.end(),
                         [&](char c) { return letters.find(c) != std::string_view::npos; });
  };
  return count("]}") > count("[{") || content.ends_with(',') || count("'") % 2 != 0 || count("\"") % 2 != 0;
}

bool is_word(std::string_view text) {
  const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), letter);
}

std::string shortened(std::string_view text) {
  constexpr std::size_t longest = 60;
  if (text.size() <= longest) return std::string(text);
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // within a code point
  return std::string(text.substr(0, end)) + "…";
}

// How the line would look with its colon.
std::string with_colon(std::string_view content) {
  const std::string_view key = content.substr(0, content.find_first_of(" =:"));
  std::string_view value = content.substr(key.size());
  value.remove_prefix(std::min(value.find_first_not_of(" =:"), value.size()));
  const bool one_value = value.find(' ') == std::string_view::npos || value.starts_with('{') || value.starts_with('[');
  if (!is_word(key) || !one_value || content.size() > 60) return "write `:` and a space after the key";
  return fmt::format("write `{}:{}{}`", key, value.empty() ? "" : " ", value);
}

// yaml-cpp takes a line without `:` for text that goes on in the next, and stops only there: at the `:` of that line
// or, behind a comment, at its first word.
bool tell_line_without_colon(const SourceText& source, std::size_t offset, Diagnostics& diagnostics) {
  const Line line = line_at(source, source.line_of(offset));
  // Within the line's text nothing in brackets is one: the first `:` counts in `- {block: x}`, too.
  const std::size_t first = std::min(line.content.find(": "), line.content.rfind(':'));
  if (first == std::string_view::npos || offset > line.at + first) return false;
  const std::optional<Line> above = line_above(source, line.number);
  if (!above) return false;
  const bool below = above->in_list() ? line.indent > above->indent : true;
  if (!key_colon(above->content) && below && !ends_earlier_value(above->content) && !continues_value(source, *above)) {
    tell_missing_colon(source, above->at, diagnostics);
    return true;
  }
  if (line.indent > above->column && key_colon(line.content) && offset == line.at + first) {
    diagnostics.error(source.place(line.at, first), "this line is indented, but the one before it has a value already",
                      "check the indentation");
    return true;
  }
  return false;
}

// `optimizer: adam: {lr: 1e-3}`: what to write instead, for the `:` at `offset`.
std::string advice_for_second_colon(const SourceText& source, std::size_t offset) {
  const Line line = line_at(source, source.line_of(offset));
  if (offset <= line.at || offset >= line.at + line.content.size()) return {};
  const std::string_view before = line.content.substr(0, offset - line.at);
  const std::size_t first = before.rfind(": ");
  if (first == std::string_view::npos) return {};
  const std::string_view key = before.substr(std::min(before.find_first_not_of(' ', first + 1), before.size()));
  if (!is_word(key)) return {};
  return fmt::format(
      "a map inside a line needs braces: `{{{}: …}}`; or write `{}:` on a line of its own, indented; "
      "if the colon belongs to the value, quote it",
      key, key);
}

// A string whose closing quote is missing ends at the opening quote of the next one.
bool tell_quote_closed_later(const SourceText& source, std::size_t offset, const TreeBuilder& builder,
                             Diagnostics& diagnostics) {
  const std::string_view text = source.text();
  const std::size_t start = builder.last_offset();
  const std::optional<std::size_t> end = end_of_quoted(text, start);
  if (!end || *end > offset || source.line_of(*end - 1) == source.line_of(start)) return false;
  if (text.substr(*end, offset - *end).find_first_not_of(" \t") != std::string_view::npos) return false;
  const SourceLocation closed = source.place(*end - 1);
  diagnostics.error(
      source.place(start, text.find('\n', start) - start),
      fmt::format("the quoted string is not closed in its line: it goes on to the next quote, in line {}, "
                  "column {}",
                  closed.line, closed.column),
      "add the closing quote");
  return true;
}

// Where a bracket opened whose end was expected.
std::string opened(const SourceText& source, std::string_view message, const TreeBuilder& builder) {
  const bool flow = message.find("flow not found") != std::string_view::npos;
  if (!flow || builder.open().empty() || !builder.open().back().flow) return {};
  const SourceLocation where = source.place(builder.open().back().offset);
  return fmt::format("the bracket was opened in line {}, column {}", where.line, where.column);
}

// yaml-cpp marks these behind what is wrong.
std::size_t corrected(std::string_view text, std::string_view message, std::size_t offset) {
  for (std::string_view start : {"unknown escape", "bad character found", "invalid unicode"}) {
    if (!message.starts_with(start)) continue;
    const std::size_t backslash = text.substr(0, offset).rfind('\\');
    if (backslash != std::string_view::npos) return backslash;
  }
  const bool name_missing = message.starts_with("alias not found") || message.starts_with("anchor not found");
  return name_missing && offset > 0 ? offset - 1 : offset;
}

// `${name}` in a flow list or map is cut at its brace.
bool has_interpolation(std::string_view line, std::size_t column) {
  return line.substr(0, column).find("${") != std::string_view::npos;
}

}  // namespace

void tell_syntax_error(const SourceText& source, const YAML::Exception& exception, const TreeBuilder& builder,
                       Diagnostics& diagnostics) {
  const std::string_view text = source.text();
  const std::string_view message = exception.msg;
  const std::size_t offset = corrected(text, message, offset_of(source, exception.mark));
  const bool in_string = message.starts_with("illegal document indicator") || message.starts_with("illegal EOF");
  if ((only_blanks_from(text, offset) || in_string) && tell_unclosed(source, message, builder, diagnostics)) return;

  if (tell_quote_closed_later(source, offset, builder, diagnostics)) return;
  const bool in_block = message.starts_with("illegal map value") || message.starts_with("end of map not found");
  if (in_block && tell_line_without_colon(source, offset, diagnostics)) return;

  const SourceLocation where = source.place(offset, word_length(text, offset));
  for (const Wording& wording : wordings) {
    if (!message.starts_with(wording.original)) continue;
    std::string advice = wording.advice;
    const bool at_colon = text.substr(offset, 1) == ":";
    if (const std::string second = at_colon ? advice_for_second_colon(source, offset) : ""; !second.empty())
      advice = second;
    if (advice.empty()) advice = opened(source, message, builder);
    if (has_interpolation(source.line(source.line_of(offset)), static_cast<std::size_t>(where.column)))
      advice = "quote a value with `${...}` inside a list or map in brackets";
    diagnostics.error(where, wording.message, advice);
    return;
  }
  if (message.starts_with("unknown token")) {
    diagnostics.error(where, fmt::format("a value cannot start with `{}`", text.substr(offset, 1)), "quote the value");
    return;
  }
  diagnostics.error(where, fmt::format("invalid YAML: {}", message));
}

void tell_missing_colon(const SourceText& source, std::size_t offset, Diagnostics& diagnostics) {
  const Line line = line_at(source, source.line_of(offset));
  const bool close = line.content.find(':') != std::string_view::npos;
  diagnostics.error(source.place(line.at, line.content.size()),
                    fmt::format("`{}` has no {}, expected `key: value`", shortened(line.content),
                                close ? "space after its `:`" : "`:`"),
                    with_colon(line.content));
}

}  // namespace rxrun
