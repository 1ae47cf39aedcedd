#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/run_report.h"
#include "experiment/document.h"

namespace rxrun {

int run_run(const RunOptions& options) {
  const CheckedExperiment checked = check_experiment(options.experiment);
  Console console(options.common);
  if (options.worker_of == 0 && sweep_section(options.experiment.file)) {
    Diagnostic note;
    note.severity = Severity::note;
    note.message = fmt::format("the section `sweep` is left out: `rxrun sweep {}` runs its points",
                               options.experiment.file.string());
    console.warnings({&note, 1});
  }
  RunReporter reporter(console, options.common.results);
  return run_and_report(checked, options.common,
                        {.file = options.experiment.file.string(),
                         .shares_images = options.worker_of != 0,
                         .again = options.again,
                         .score_test = !options.no_test,
                         .identity = options.identity},
                        reporter);
}

}  // namespace rxrun
