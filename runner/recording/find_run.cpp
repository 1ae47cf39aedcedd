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

Table fitting(Connection& connection, const std::string& run, Removed removed) {
  const std::string select =
      fmt::format("SELECT id, name FROM runs WHERE removed IS {}NULL AND ", removed == Removed::yes ? "NOT " : "");
  Table found;
  if (const auto id = as_id(run)) found = fetch(connection, select + "id = ?", {*id});
  if (found.rows.empty()) found = fetch(connection, select + "name = ?", {run});
  if (found.rows.empty() && !run.empty())
    found = fetch(connection, select + "substr(name, 1, length(?1)) = ?1 ORDER BY id DESC", {run});
  return found;
}

[[noreturn]] void no_such_run(Connection& connection, const std::string& run, Removed removed) {
  if (removed == Removed::yes) {
    const bool there = !fitting(connection, run, Removed::no).rows.empty();
    throw Error(Failure::usage,
                fmt::format("{} `{}`", there ? "this run was not removed:" : "there is no removed run", printable(run)),
                "`rxrun ls --removed` lists the removed runs");
  }
  if (!fitting(connection, run, Removed::yes).rows.empty())
    throw Error(Failure::usage, fmt::format("the run `{}` was removed", printable(run)),
                fmt::format("`rxrun restore {}` brings it back", printable(run)));
  std::vector<std::string> names;
  for (const auto& row :
       fetch(connection, "SELECT name FROM runs WHERE removed IS NULL ORDER BY id DESC LIMIT 1000").rows)
    names.push_back(text_in(row[0]));
  const auto nearest = nearest_name(run, names);
  throw Error(Failure::usage, fmt::format("there is no run `{}`", printable(run)),
              nearest ? fmt::format("did you mean `{}`?", printable(*nearest)) : "`rxrun ls` lists the runs");
}

}  // namespace

std::int64_t find_run(Connection& connection, const std::string& run, Removed removed) {
  const Table found = fitting(connection, run, removed);
  if (found.rows.empty()) no_such_run(connection, run, removed);
  if (found.rows.size() == 1) return integer_in(found.rows[0][0]);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min<std::size_t>(found.rows.size(), 5); ++i)
    names.push_back(printable(text_in(found.rows[i][1])));
  throw Error(Failure::usage,
              fmt::format("`{}` matches {} runs: {}{}", printable(run), found.rows.size(), fmt::join(names, ", "),
                          found.rows.size() > 5 ? ", ..." : ""),
              "give more of the name, or the number");
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
