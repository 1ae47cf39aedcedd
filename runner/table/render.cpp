#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "diagnostics/render.h"
#include "diagnostics/utf8.h"
#include "table/fixed.h"
#include "table/table.h"

namespace rxrun {
namespace {

bool is_number(const Value& value) {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
}
bool is_null(const Value& value) { return std::holds_alternative<std::monostate>(value); }

// Every digit, so that reading it again gives the same number.
std::string exact(double number) { return fmt::format("{}", number); }

// As many digits as one reads: 0.9123, 45.3 s, 1e-05.
std::string rounded(double number, const std::string& column) {
  if (!std::isfinite(number)) return exact(number);
  if (column == "learning_rate") return fmt::format("{:.4g}", number);
  if (column.find("second") != std::string::npos || std::abs(number) >= 1000.0) return fixed(number, 1);
  if (column.ends_with("_ms")) return fixed(number, 3);
  if (column == "gflops") return fixed(number, 1);
  if (number != 0.0 && std::abs(number) < 0.001) return fmt::format("{:.3g}", number);
  return fixed(number, 4);
}

std::string readable(const Value& value, const std::string& column) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* real = std::get_if<double>(&value)) return rounded(*real, column);
  if (const auto* text = std::get_if<std::string>(&value)) return printable(*text);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  return {};
}

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    columns += static_cast<std::size_t>(display_width(c.value));
    at += c.size;
  }
  return columns;
}

struct Grid {
  std::vector<std::vector<std::string>> lines;  // the head first
  std::vector<std::size_t> widths;
  std::vector<bool> right;
};

Grid grid_of(const Table& table) {
  Grid grid;
  std::vector<std::string>& head = grid.lines.emplace_back();
  for (const std::string& column : table.columns) head.push_back(printable(column));
  for (const auto& row : table.rows) {
    std::vector<std::string>& line = grid.lines.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) line.push_back(readable(row[i], table.columns[i]));
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::size_t widest = 0;
    for (const auto& line : grid.lines) widest = std::max(widest, width(line[i]));
    grid.widths.push_back(widest);
    const auto number_or_null = [i](const auto& row) { return is_number(row[i]) || is_null(row[i]); };
    const auto number = [i](const auto& row) { return is_number(row[i]); };
    const bool numbers = std::all_of(table.rows.begin(), table.rows.end(), number_or_null) &&
                         std::any_of(table.rows.begin(), table.rows.end(), number);
    grid.right.push_back(numbers || table.columns[i] == "duration");
  }
  return grid;
}

std::string padded(const std::string& text, std::size_t wide, bool right) {
  const std::string blanks(wide - std::min(wide, width(text)), ' ');
  return right ? blanks + text : text + blanks;
}

std::string render_text(const Table& table) {
  const Grid grid = grid_of(table);
  std::string out;
  for (const auto& cells : grid.lines) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += "  ";
      line += padded(cells[i], grid.widths[i], grid.right[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string render_markdown(const Table& table) {
  Grid grid = grid_of(table);
  for (auto& cells : grid.lines) {
    for (std::string& cell : cells) {
      std::string escaped;
      for (char byte : cell) {
        if (byte == '|' || byte == '<' || byte == '\\' || byte == '`') escaped += '\\';
        escaped += byte;
      }
      cell = std::move(escaped);
    }
  }
  std::string out;
  for (std::size_t line = 0; line < grid.lines.size(); ++line) {
    for (const std::string& cell : grid.lines[line]) out += fmt::format("| {} ", cell);
    out += "|\n";
    if (line > 0) continue;
    for (const bool right : grid.right) out += right ? "| ---: " : "| --- ";
    out += "|\n";
  }
  return out;
}

bool reads_as_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0.0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && stop == text.data() + text.size();
}

// Line breaks are data in RFC 4180 and stay; every other control character is shown.
std::string printable_lines(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t end = text.find('\n');
    out += printable(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string csv_cell(const std::string& foreign) {
  std::string text = printable_lines(foreign);
  // A spreadsheet would take it for a formula.
  if (!text.empty() && std::string_view("=+-@").find(text[0]) != std::string_view::npos && !reads_as_number(text))
    text = fmt::format("'{}", text);
  if (text.find_first_of("\",\n") == std::string::npos) return text;
  std::string quoted;
  for (char byte : text) quoted.append(byte == '"' ? 2 : 1, byte);
  return fmt::format("\"{}\"", quoted);
}

std::string csv_value(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* real = std::get_if<double>(&value)) return exact(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return csv_cell(*text);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  return {};
}

std::string render_csv(const Table& table) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    out += fmt::format("{}{}", i > 0 ? "," : "", csv_cell(table.columns[i]));
  out += '\n';
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) out += fmt::format("{}{}", i > 0 ? "," : "", csv_value(row[i]));
    out += '\n';
  }
  return out;
}

// Keys are unique in an object: a second `name` becomes `name_2`.
std::vector<std::string> unique_names(std::vector<std::string> names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = names[i];
    for (int n = 2; std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
                    names.begin() + static_cast<std::ptrdiff_t>(i);
         ++n)
      names[i] = fmt::format("{}_{}", name, n);
  }
  return names;
}

std::string render_json(const Table& table) {
  const std::vector<std::string> names = unique_names(table.columns);
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const auto& row : table.rows) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::visit(
          [&](const auto& value) {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>)
              object[names[i]] = nullptr;
            else
              object[names[i]] = value;
          },
          row[i]);
    }
    array.push_back(std::move(object));
  }
  // ASCII only: control and bidirectional characters leave as \uNNNN.
  return array.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string render(const Table& table, TableFormat format) {
  switch (format) {
    case TableFormat::text:
      return render_text(table);
    case TableFormat::json:
      return render_json(table);
    case TableFormat::csv:
      return render_csv(table);
    case TableFormat::markdown:
      return render_markdown(table);
  }
  return {};
}

}  // namespace rxrun
