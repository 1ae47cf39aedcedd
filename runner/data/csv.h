// Comma-separated values (RFC 4180), separated by commas, semicolons or tabs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rxrun {

struct CsvRecord {
  int line = 0;  // on which it begins, from 1
  std::vector<std::string> fields;
};

// Fields may be quoted, with "" for a quote and line ends inside; lines end in LF or CRLF; empty lines are left out; a
// byte order mark is skipped. The separator is that of comma, semicolon and tab which the first line has most often
// outside of quotes, whatever the other lines have; or what a line `sep=;` before it says, as spreadsheets write it.
// Throws Error with `file` and the line for a quote that does not close, text after one, UTF-16, and lines that end in
// CR alone.
std::vector<CsvRecord> read_csv(std::string_view text, const std::string& file);

}  // namespace rxrun
