// The text of one file with places in it, and what has to hold before a YAML parser sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace rxrun {

class SourceText {
 public:
  // `text` has to outlive this.
  SourceText(std::string_view text, std::string file);

  std::string_view text() const { return text_; }
  const std::string& file() const { return file_; }
  std::size_t line_of(std::size_t offset) const;    // from 0
  std::string_view line(std::size_t number) const;  // without its end
  std::size_t line_count() const { return starts_.size(); }

  // The place of `bytes` bytes from `offset` on, as far as they are on one line.
  SourceLocation place(std::size_t offset, std::size_t bytes = 1) const;
  // The same for the many places that a tree keeps: once their lines' texts add up to a bound, they are left out.
  SourceLocation bounded_place(std::size_t offset, std::size_t bytes = 1) const;
  // The offset of the place that one of these gave.
  std::size_t offset_of(const SourceLocation& place) const;
  SourceLocation whole_file() const { return {file_, 0, 0, 1, {}}; }

 private:
  SourceLocation place_without_text(std::size_t offset, std::size_t bytes) const;

  std::string_view text_;
  std::string file_;
  std::vector<std::uint32_t> starts_;  // of lines
  // The last place asked for: places come in the order of the text, and a line may have millions of columns.
  mutable std::size_t last_offset_ = 0, last_line_ = 0, last_column_ = 0;
  mutable std::size_t texts_left_ = 32u << 20;
};

// The first character of a value that no file may hold, by its name: "the control character U+0007". Empty: there is
// none.
std::string forbidden_character(std::string_view value);

// UTF-8, no control and bidirectional characters, no tab in the indentation. Says whether so.
bool check_text(const SourceText& source, Diagnostics& diagnostics);

}  // namespace rxrun
