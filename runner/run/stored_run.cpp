#include "run/stored_run.h"

#include <fmt/format.h>

#include "diagnostics/render.h"
#include "files/files.h"
#include "recording/query.h"
#include "recording/run_folder.h"
#include "run/prepare.h"

namespace rxrun {

StoredRun find_stored_run(const std::filesystem::path& results, const std::string& run) {
  const RunReference found = find_run(results / "results.db", run);
  if (!is_a_runs_folder(found.folder))
    throw Error(Failure::usage, fmt::format("run {} has no folder of its own: {} names `{}`", found.id,
                                            printable((results / "results.db").string()), printable(found.folder)));
  const Table row = query(results / "results.db", "SELECT resolved FROM runs WHERE id = ?", {found.id});
  const auto* resolved = std::get_if<std::string>(&row.rows.at(0)[0]);
  return {.id = found.id, .name = found.name, .identity = found.identity, .folder = results / found.folder,
          .resolved = resolved ? *resolved : std::string()};
}

CheckedExperiment stored_experiment(const StoredRun& run) {
  const std::filesystem::path file = run.folder / "experiment.yaml";
  std::error_code ignored;  // reading it tells
  if (std::filesystem::symlink_status(file, ignored).type() == std::filesystem::file_type::not_found) {
    make_folder(run.folder);
    write_file_atomically(file, run.resolved);
  }
  return check_experiment({.file = file, .overrides = {}});
}

std::vector<std::string> changes_of_data(const std::filesystem::path& results, const StoredRun& run,
                                         const std::string& content_hash, const std::string& split_hash) {
  const Table then = query(results / "results.db", "SELECT content_hash, split_hash FROM runs WHERE id = ?", {run.id});
  std::vector<std::string> changes;
  if (then.rows.at(0)[0] != Value(content_hash)) changes.push_back("the images or their labels are others");
  if (then.rows[0][1] != Value(split_hash)) changes.push_back("other images are in train, test or validation");
  return changes;
}

}  // namespace rxrun
