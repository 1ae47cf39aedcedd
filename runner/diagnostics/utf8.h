// UTF-8, one code point at a time, and which code points may not be shown as they are.
#pragma once

#include <cstddef>
#include <string_view>

namespace rxrun {

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 1;  // bytes taken
  bool valid = false;  // false: one byte that is no UTF-8 (overlong forms, surrogates and truncated sequences included)
};

// The code point that starts at `at`, which is less than text.size().
CodePoint decode_utf8(std::string_view text, std::size_t at);

// C0 (tab and line feed included), DEL, C1, line and paragraph separators, byte order mark, bidirectional controls and
// noncharacters: what would move the cursor, reorder a line or vanish.
bool is_control(char32_t c);

// Columns on a terminal: 0 for combining marks, 2 for East Asian wide characters and emoji, else 1.
int display_width(char32_t c);

// Code points in `text`; a byte that is no UTF-8 counts as one.
std::size_t count_code_points(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace rxrun
