#include "recording/find_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/query.h"
#include "recording/reading.h"

namespace rxrun {
namespace {

std::optional<std::int64_t> as_id(const std::string& text) {
  std::int64_t id = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (code != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return id;
}

// Rows (id, name). `select` ends where a condition on them follows.
Table fitting(Connection& connection, const std::string& select, const std::string& word) {
  Table found;
  if (const auto id = as_id(word)) found = fetch(connection, select + "id = ?", {*id});
  if (found.rows.empty()) found = fetch(connection, select + "name = ?", {word});
  if (found.rows.empty() && !word.empty())
    found = fetch(connection, select + "substr(name, 1, length(?1)) = ?1 ORDER BY id DESC", {word});
  return found;
}

Table fitting_runs(Connection& connection, const std::string& run, Removed removed) {
  return fitting(
      connection,
      fmt::format("SELECT id, name FROM runs WHERE removed IS {}NULL AND ", removed == Removed::yes ? "NOT " : ""),
      run);
}

std::vector<std::string> names_in(const Table& table) {
  std::vector<std::string> names;
  for (const auto& row : table.rows) names.push_back(text_in(row[0]));
  return names;
}

// The id of the only one of `found`, which is not empty.
std::int64_t only_one(const Table& found, const std::string& word, const char* noun) {
  if (found.rows.size() == 1) return integer_in(found.rows[0][0]);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min<std::size_t>(found.rows.size(), 5); ++i)
    names.push_back(printable(text_in(found.rows[i][1])));
  throw Error(Failure::usage,
              fmt::format("`{}` matches {}: {}{}", printable(word), counted(found.rows.size(), noun),
                          fmt::join(names, ", "), found.rows.size() > 5 ? ", ..." : ""),
              "give more of the name, or the number");
}

[[noreturn]] void no_such_run(Connection& connection, const std::string& run, Removed removed) {
  if (removed == Removed::yes) {
    const bool there = !fitting_runs(connection, run, Removed::no).rows.empty();
    throw Error(Failure::usage,
                fmt::format("{} `{}`", there ? "this run was not removed:" : "there is no removed run", printable(run)),
                "`rxrun ls --removed` lists the removed runs");
  }
  if (!fitting_runs(connection, run, Removed::yes).rows.empty())
    throw Error(Failure::usage, fmt::format("the run `{}` was removed", printable(run)),
                fmt::format("`rxrun restore {}` brings it back", printable(run)));
  const auto nearest = nearest_name(
      run, names_in(fetch(connection, "SELECT name FROM runs WHERE removed IS NULL ORDER BY id DESC LIMIT 1000")));
  throw Error(Failure::usage, fmt::format("there is no run `{}`", printable(run)),
              nearest ? fmt::format("did you mean `{}`?", printable(*nearest)) : "`rxrun ls` lists the runs");
}

[[noreturn]] void no_such_sweep(Connection& connection, const std::string& sweep) {
  const std::vector<std::string> names =
      names_in(fetch(connection, "SELECT name FROM sweeps ORDER BY id DESC LIMIT 1000"));
  const auto nearest = nearest_name(sweep, names);
  throw Error(Failure::usage, fmt::format("there is no sweep `{}`", printable(sweep)),
              nearest ? fmt::format("did you mean `{}`?", printable(*nearest))
              : names.empty()
                  ? "there are no sweeps yet"
                  : fmt::format("give the number or the name of a sweep; the newest is `{}`", printable(names[0])));
}

}  // namespace

std::int64_t find_run(Connection& connection, const std::string& run, Removed removed) {
  const Table found = fitting_runs(connection, run, removed);
  if (found.rows.empty()) no_such_run(connection, run, removed);
  return only_one(found, run, "run");
}

std::int64_t find_sweep(Connection& connection, const std::string& sweep) {
  const Table found = fitting(connection, "SELECT id, name FROM sweeps WHERE ", sweep);
  if (found.rows.empty()) no_such_sweep(connection, sweep);
  return only_one(found, sweep, "sweep");
}

RunReference find_run(const std::filesystem::path& database, const std::string& run) {
  const auto connection = open_for_reading(database);
  const Table row = fetch(*connection, "SELECT id, name, identity, folder FROM runs WHERE id = ?",
                          {find_run(*connection, run, Removed::no)});
  return {.id = integer_in(row.rows.at(0)[0]),
          .name = text_in(row.rows[0][1]),
          .identity = text_in(row.rows[0][2]),
          .folder = text_in(row.rows[0][3])};
}

}  // namespace rxrun
