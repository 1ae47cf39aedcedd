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

}  // namespace rxrun
