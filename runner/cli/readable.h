// Tables and figures as a reader likes them; the formats for programs stay as they are.
#pragma once

#include <string>
#include <vector>

#include "table/table.h"

namespace rxrun {

// "1:07:03", "4:05", "12 s"; "?" for what is no duration.
std::string format_duration(double seconds);

// For text and markdown: `seconds` becomes `duration` ("4:05"), columns without any value are left out.
Table for_reading(Table table, TableFormat format);

// Rounded as a table would round a column of that name: for a value that stands beside text, where its column cannot
// tell.
Value readable_value(const std::string& name, const Value& value);

// One row as two columns, name and value; NULLs left out.
Table upright(const Table& row);

// "▁▃▅▆█" over the values' own range, at most `width` characters; an absent value is a blank.
std::string sparkline(const std::vector<Value>& values, std::size_t width);

}  // namespace rxrun
