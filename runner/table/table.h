// Tables as values, and as the text that a reader, a program or a spreadsheet takes.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace rxrun {

using Value = std::variant<std::monostate, std::int64_t, double, std::string, bool>;

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;
  bool more = false;  // there were more rows than asked for
};

enum class TableFormat { text, json, csv, markdown };

// A truth value is `true` or `false` in all of them.
// text: aligned columns, numbers to the right and rounded as one reads them, NULL empty; json: an array of objects,
// every digit; csv (RFC 4180, lines ended by LF as other tools here want them): cells that start with = + - @ (and are
// no numbers) get a ', NULL empty; markdown: a table. Foreign text is made printable in all of them; csv keeps line
// breaks.
std::string render(const Table& table, TableFormat format);

}  // namespace rxrun
