#include "cli/commands.h"
#include "cli/experiment_run.h"

namespace rxrun {

int run_run(const RunOptions& options) {
  const CheckedExperiment checked = check_experiment(options.experiment);
  return run_experiment(checked, {.common = options.common, .file = options.experiment.file.string(), .again = options.again, .identity = {}});
}

}  // namespace rxrun
