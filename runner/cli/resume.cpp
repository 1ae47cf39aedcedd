#include "cli/commands.h"
#include "cli/experiment_run.h"
#include "cli/stored_run.h"

namespace rxrun {

int run_resume(const ResumeOptions& options) {
  const StoredRun run = find_stored_run(options.common.results, options.run);
  return run_experiment(stored_experiment(run), {.common = options.common,
                                                 .file = (run.folder / "experiment.yaml").string(),
                                                 .again = false,
                                                 .run = run.id,
                                                 .identity = run.identity});
}

}  // namespace rxrun
