#include "cli/stored_run.h"

#include <fmt/format.h>

#include "diagnostics/render.h"
#include "recording/query.h"

namespace rxrun {

StoredRun find_stored_run(const std::filesystem::path& results, const std::string& run) {
  const std::string columns = "SELECT id, name, identity, folder FROM runs WHERE ";
  const std::filesystem::path database = results / "results.db";
  Table found = query(database, columns + "CAST(id AS TEXT) = ?1 OR name = ?1", {run});
  if (found.rows.empty()) found = query(database, columns + "substr(name, 1, length(?1)) = ?1 ORDER BY id", {run});
  if (found.rows.empty()) throw Error(Failure::usage, fmt::format("there is no run `{}`", printable(run)), "`rxrun ls` lists the runs");
  if (found.rows.size() > 1) {
    std::string names;
    for (const auto& row : found.rows) names += (names.empty() ? "" : ", ") + std::get<std::string>(row[1]);
    throw Error(Failure::usage, fmt::format("`{}` fits {} runs: {}", printable(run), found.rows.size(), printable(names)), "give more of the name, or the number");
  }
  const std::vector<Value>& row = found.rows[0];
  return {.id = std::get<std::int64_t>(row[0]),
          .name = std::get<std::string>(row[1]),
          .identity = std::get<std::string>(row[2]),
          .folder = results / std::get<std::string>(row[3])};
}

CheckedExperiment stored_experiment(const StoredRun& run) {
  return check_experiment({.file = run.folder / "experiment.yaml", .overrides = {}});
}

}  // namespace rxrun
