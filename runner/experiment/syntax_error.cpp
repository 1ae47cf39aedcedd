#include <array>
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

// The line of text before the one at `offset`: not blank, not a comment.
std::optional<std::size_t> line_before(const SourceText& source, std::size_t offset) {
  for (std::size_t number = source.line_of(offset); number-- > 0;) {
    const std::string_view line = source.line(number);
    const std::size_t content = line.find_first_not_of(' ');
    if (content != std::string_view::npos && line[content] != '#') return number;
  }
  return std::nullopt;
}

// A `:` that cannot be where it is often has its cause in the line before: no key there, or less indentation.
bool tell_misplaced_colon(const SourceText& source, std::size_t offset, Diagnostics& diagnostics) {
  const std::optional<std::size_t> number = line_before(source, offset);
  if (!number) return false;
  const std::string_view before = source.line(*number), line = source.line(source.line_of(offset));
  const std::size_t start_before = before.find_first_not_of(' '), start = line.find_first_not_of(' ');
  const std::size_t column = offset - static_cast<std::size_t>(line.data() - source.text().data());
  const bool first_colon = line.substr(0, column).find(": ") == std::string_view::npos;
  const bool has_key = before.find(": ") != std::string_view::npos || before.ends_with(':');
  if (start == start_before && !has_key && before[start_before] != '-') {
    const std::size_t at = static_cast<std::size_t>(before.data() - source.text().data()) + start_before;
    const bool colon = before.find(':') != std::string_view::npos;
    diagnostics.error(source.place(at, before.size() - start_before), "expected `key: value`",
                      colon ? "write a space after `:`" : "write `:` after the key");
    return true;
  }
  if (start > start_before && first_colon && has_key) {
    diagnostics.error(source.place(offset - column + start, column - start),
                      "this line is indented, but the one before it has a value already", "check the indentation");
    return true;
  }
  return false;
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

  if (message.starts_with("illegal map value") && tell_misplaced_colon(source, offset, diagnostics)) return;

  const SourceLocation where = source.place(offset, word_length(text, offset));
  for (const Wording& wording : wordings) {
    if (!message.starts_with(wording.original)) continue;
    std::string advice = wording.advice;
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

}  // namespace rxrun
