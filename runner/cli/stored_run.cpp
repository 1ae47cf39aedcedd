#include "cli/stored_run.h"

#include "recording/query.h"

namespace rxrun {

StoredRun find_stored_run(const std::filesystem::path& results, const std::string& run) {
  const RunReference found = find_run(results / "results.db", run);
  return {.id = found.id, .name = found.name, .identity = found.identity, .folder = results / found.folder};
}

CheckedExperiment stored_experiment(const StoredRun& run) {
  return check_experiment({.file = run.folder / "experiment.yaml", .overrides = {}});
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
