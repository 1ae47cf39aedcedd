#include "network/summary.h"

#include <iostream>

#include "cli/commands.h"
#include "cli/console.h"
#include "run/input_facts.h"
#include "run/prepare.h"

namespace rxrun {

int run_summary(const SummaryOptions& options) {
  const CheckedExperiment checked = check_experiment(options.experiment);
  Console console(options.common);
  console.warnings(checked.warnings);

  const Experiment& experiment = checked.experiment();
  const InputFacts facts = input_facts(experiment, options.input, options.classes);
  const Network network = build_network(checked.network, facts.input, facts.classes);
  const StepAssumptions step = step_of(experiment);
  const Summary summary = summarize(network, step);
  const bool json = options.common.format == TableFormat::json;
  std::cout << (json ? render_json(summary, step, options.depth) + "\n" : render_table(summary, step, options.depth))
            << std::flush;
  return 0;
}

}  // namespace rxrun
