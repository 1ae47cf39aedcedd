#include "cli/commands.h"
#include "cli/run_report.h"
#include "run/stored_run.h"

namespace rxrun {

int run_resume(const ResumeOptions& options) {
  const StoredRun run = find_stored_run(options.common.results, options.run);
  const CheckedExperiment checked = stored_experiment(run, options.overrides, Overridable::data_and_machine);
  Console console(options.common);
  RunReporter reporter(console, options.common.results);
  return run_and_report(checked, options.common,
                        {.file = (run.folder / "experiment.yaml").string(),
                         .score_test = !options.no_test,
                         .run = run.id,
                         .identity = run.identity},
                        reporter);
}

}  // namespace rxrun
