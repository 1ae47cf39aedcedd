// Comma-separated values (RFC 4180).
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
// byte order mark is skipped. Throws Error with `file` and the line for a quote that does not close or text after one.
std::vector<CsvRecord> read_csv(std::string_view text, const std::string& file);

}  // namespace rxrun
