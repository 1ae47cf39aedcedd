// Where the tokens of a YAML text end: yaml-cpp tells only where they begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rxrun {

// From `offset` past anchors, tags and the blanks behind them, to the value itself.
std::size_t skip_properties(std::string_view text, std::size_t offset);

// Bytes on its first line of the scalar that starts at `offset` and has this value.
std::size_t scalar_length(std::string_view text, std::size_t offset, std::string_view value);

// Bytes up to the next blank, line end or flow indicator; at least 1.
std::size_t word_length(std::string_view text, std::size_t offset);

// Bytes of the word at `offset` if it spells null, else 0.
std::size_t null_word_length(std::string_view text, std::size_t offset);

// Past the closing quote of the string that starts at `offset`; nothing where none starts, or the text ends in it.
std::optional<std::size_t> end_of_quoted(std::string_view text, std::size_t offset);

// Whether the text ends inside the quoted string that starts at `offset`; false where none starts.
bool is_unclosed_quoted(std::string_view text, std::size_t offset);

// Whether a `:` comes next behind a key that ends at `offset`.
bool is_followed_by_colon(std::string_view text, std::size_t offset);

// Whether as many brackets close as open from the one at `offset` on, strings and comments left out.
bool has_closing_bracket(std::string_view text, std::size_t offset);

// The first bracket with more than `depth` open ones around it: yaml-cpp would scan on for as long as they are open.
std::optional<std::size_t> bracket_deeper_than(std::string_view text, std::int64_t depth);

std::string unclosed_message(char bracket);

// The first line in [from, to], or the one that `from` is in, that starts with `---`.
std::optional<std::size_t> document_marker(std::string_view text, std::size_t from, std::size_t to);

// The quote, if there is one, that opens a string which the text never closes.
std::optional<std::size_t> unclosed_quote(std::string_view text, std::size_t from);

}  // namespace rxrun
