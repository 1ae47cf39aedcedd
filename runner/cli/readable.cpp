#include "cli/readable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace rxrun {
namespace {

bool is_null(const Value& value) { return std::holds_alternative<std::monostate>(value); }

double number(const Value& value) {
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  return std::numeric_limits<double>::quiet_NaN();
}

void show_durations(Table& table) {
  const auto found = std::find(table.columns.begin(), table.columns.end(), "seconds");
  if (found == table.columns.end()) return;
  const auto column = static_cast<std::size_t>(found - table.columns.begin());
  *found = "duration";
  for (auto& row : table.rows) {
    const double seconds = number(row[column]);
    if (!is_null(row[column])) row[column] = std::isfinite(seconds) ? format_duration(seconds) : "";
  }
}

void drop_empty_columns(Table& table) {
  for (std::size_t column = table.columns.size(); column-- > 0;) {
    if (table.rows.empty() ||
        !std::all_of(table.rows.begin(), table.rows.end(), [column](const auto& row) { return is_null(row[column]); }))
      continue;
    const auto offset = static_cast<std::ptrdiff_t>(column);
    table.columns.erase(table.columns.begin() + offset);
    for (auto& row : table.rows) row.erase(row.begin() + offset);
  }
}

}  // namespace

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

Value readable_value(const std::string& name, const Value& value) {
  if (is_null(value) || !std::holds_alternative<double>(value)) return value;
  std::string text = render({.columns = {name}, .rows = {{value}}}, TableFormat::text);
  text = text.substr(text.find('\n') + 1);
  text.erase(0, text.find_first_not_of(' '));
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

Table for_reading(Table table, TableFormat format) {
  if (format != TableFormat::text && format != TableFormat::markdown) return table;
  show_durations(table);
  drop_empty_columns(table);
  return table;
}

Table upright(const Table& row) {
  Table table{.columns = {"fact", "value"}, .rows = {}};
  for (std::size_t i = 0; i < row.columns.size(); ++i)
    if (!is_null(row.rows.at(0)[i]))
      table.rows.push_back({row.columns[i], readable_value(row.columns[i], row.rows[0][i])});
  return table;
}

std::string sparkline(const std::vector<Value>& values, std::size_t width) {
  static constexpr std::array<const char*, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const Value& value : values) {
    const double v = number(value);
    if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  }
  std::string line;
  const std::size_t length = std::min(values.size(), width);
  for (std::size_t i = 0; i < length; ++i) {
    // The last value of each stretch, so that the line ends with the last epoch.
    const double v = number(values[(i + 1) * values.size() / length - 1]);
    if (!std::isfinite(v)) {
      line += ' ';
      continue;
    }
    const double share = high > low ? (v - low) / (high - low) : 1.0;
    line += kBars[static_cast<std::size_t>(std::lround(share * (kBars.size() - 1)))];
  }
  return line;
}

}  // namespace rxrun
