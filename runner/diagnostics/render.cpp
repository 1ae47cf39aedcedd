#include "diagnostics/render.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "diagnostics/utf8.h"

namespace rxrun {
namespace {

constexpr int widest_line = 100;  // columns of a source line that are shown
constexpr int tab_width = 4;

const char* name_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  return "error";
}

class Palette {
 public:
  explicit Palette(bool on) : on_(on) {}
  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string faint(std::string_view text) const { return paint("2", text); }
  std::string severity(Severity severity, std::string_view text) const {
    return paint(severity == Severity::error ? "1;31" : severity == Severity::warning ? "1;35" : "1;36", text);
  }

 private:
  std::string paint(const char* code, std::string_view text) const {
    return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }
  bool on_;
};

// One code point as it is shown.
struct Cell {
  std::string text;
  int width = 0;
};

void append_hex(std::string& out, std::string_view bytes) {
  for (unsigned char byte : bytes) out += fmt::format("\\x{:02X}", byte);
}

std::vector<Cell> cells_of(std::string_view line) {
  std::vector<Cell> cells;
  int column = 0;
  for (std::size_t at = 0; at < line.size();) {
    const CodePoint c = decode_utf8(line, at);
    Cell cell;
    if (c.valid && c.value == '\t') {
      cell.width = tab_width - column % tab_width;
      cell.text.assign(cell.width, ' ');
    } else if (!c.valid || is_control(c.value)) {
      append_hex(cell.text, line.substr(at, c.size));
      cell.width = static_cast<int>(cell.text.size());
    } else {
      cell.text = line.substr(at, c.size);
      cell.width = display_width(c.value);
    }
    column += cell.width;
    at += c.size;
    cells.push_back(std::move(cell));
  }
  return cells;
}

int width_of(std::span<const Cell> cells) {
  int width = 0;
  for (const Cell& cell : cells) width += cell.width;
  return width;
}

// Cells [first, last) of a line: all of it, or what fits around `column` (from 0), the mark nearer to the left edge.
std::pair<std::size_t, std::size_t> window(std::span<const Cell> cells, std::size_t column) {
  if (width_of(cells) <= widest_line) return {0, cells.size()};
  std::size_t first = std::min(column, cells.size());
  for (int room = widest_line / 3; first > 0 && room > 0; --first) room -= cells[first - 1].width;
  if (first < 5) first = 0;
  std::size_t last = first;
  for (int room = widest_line; last < cells.size() && room >= cells[last].width; ++last) room -= cells[last].width;
  return {first, last};
}

std::string snippet(const Diagnostic& diagnostic, const Palette& palette) {
  const SourceLocation& where = diagnostic.where;
  const std::vector<Cell> cells = cells_of(where.text);
  const std::size_t column = std::min(static_cast<std::size_t>(std::max(where.column, 1) - 1), cells.size());
  const auto [first, last] = window(cells, column);

  std::string line = first > 0 ? "…" : "";
  for (std::size_t i = first; i < last; ++i) line += cells[i].text;
  if (last < cells.size()) line += "…";

  const std::span<const Cell> shown(cells.data(), last);
  const std::size_t marked = std::min<std::size_t>(std::max(where.length, 1), last - column);
  const int before = width_of(shown.subspan(first, column - first)) + (first > 0 ? 1 : 0);
  const int under = std::max(1, width_of(shown.subspan(column, marked)));
  const std::string number = std::to_string(where.line);
  const std::string blank(number.size(), ' ');
  std::string out = fmt::format("  {} {}\n", palette.faint(number + " |"), line);
  if (where.column > 0) {
    const std::string mark = "^" + std::string(under - 1, '~');
    out += fmt::format("  {} {}{}\n", palette.faint(blank + " |"), std::string(before, ' '),
                       palette.severity(diagnostic.severity, mark));
  }
  return out;
}

std::string place(const SourceLocation& where) {
  if (where.file.empty()) return {};
  std::string out = printable(where.file);
  if (where.line > 0) out += fmt::format(":{}", where.line);
  if (where.line > 0 && where.column > 0) out += fmt::format(":{}", where.column);
  return out + ": ";
}

}  // namespace

std::string render(const Diagnostic& diagnostic, const RenderOptions& options) {
  const Palette palette(options.color);
  const SourceLocation& where = diagnostic.where;
  const std::string at = place(where);
  std::string out = at.empty() ? "" : palette.bold(at);
  out += palette.severity(diagnostic.severity, std::string(name_of(diagnostic.severity)) + ":");
  out += " " + palette.bold(printable(diagnostic.message)) + "\n";

  const bool has_line = !where.file.empty() && where.line > 0 && !where.text.empty();
  if (has_line) out += snippet(diagnostic, palette);
  const std::string margin(has_line ? 2 + std::to_string(where.line).size() + 1 : 2, ' ');
  std::string_view advice = diagnostic.advice;
  while (!advice.empty()) {
    const std::size_t end = std::min(advice.find('\n'), advice.size());
    out += margin + palette.faint("=") + " " + printable(advice.substr(0, end)) + "\n";
    advice.remove_prefix(std::min(end + 1, advice.size()));
  }
  return out;
}

std::string render(std::span<const Diagnostic> diagnostics, const RenderOptions& options) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) out += render(diagnostic, options);
  return out;
}

std::string in_one_line(const Diagnostic& diagnostic) {
  return place(diagnostic.where) + printable(diagnostic.message);
}

std::string render_json(std::span<const Diagnostic> diagnostics) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Diagnostic& diagnostic : diagnostics) {
    list.push_back({{"severity", name_of(diagnostic.severity)},
                    {"file", diagnostic.where.file},
                    {"line", diagnostic.where.line},
                    {"column", diagnostic.where.column},
                    {"message", diagnostic.message},
                    {"advice", diagnostic.advice}});
  }
  // ASCII only, so that no control or bidirectional character reaches a terminal this way either.
  return list.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    const std::string_view bytes = text.substr(at, c.size);
    if (!c.valid || is_control(c.value)) {
      append_hex(out, bytes);
    } else {
      out += bytes;
    }
    at += c.size;
  }
  return out;
}

std::string plural_of(std::string_view noun) { return std::string(noun) + (noun.ends_with('s') ? "es" : "s"); }

}  // namespace rxrun
