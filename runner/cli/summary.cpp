#include <algorithm>
#include <iostream>

#include "cli/checked_experiment.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/experiment_run.h"
#include "data/dataset.h"
#include "network/summary.h"

namespace rxrun {
namespace {

struct Facts {
  Shape input;
  std::int64_t classes = 0;
};

// What the command line and the experiment leave open, the data answers; where nothing is open, no data is looked at.
Facts facts_of(const SummaryOptions& options, const Experiment& experiment) {
  const DataSpec& data = experiment.data;
  Facts facts{options.input, options.classes > 0 ? options.classes : data.classes};
  const bool input_open = facts.input.empty();
  if (input_open && data.channels > 0) facts.input = {data.channels, data.image_size, data.image_size};
  if (!facts.input.empty() && facts.classes > 0) return facts;
  const auto source = open_source(data, experiment.seed);
  if (facts.input.empty()) facts.input = {source->channels(), data.image_size, data.image_size};
  if (facts.classes == 0) facts.classes = std::int64_t(source->classes().size());
  return facts;
}

}  // namespace

int run_summary(const SummaryOptions& options) {
  const bool positive =
      std::all_of(options.input.begin(), options.input.end(), [](std::int64_t side) { return side > 0; });
  if (!options.input.empty() && (options.input.size() != 3 || !positive)) {
    throw Error(Failure::usage, "`--input` must be channels, height and width, each at least 1",
                "for example --input 3x224x224");
  }
  const CheckedExperiment checked = check_experiment(options.experiment);
  Console console(options.common);
  for (const Diagnostic& warning : checked.warnings) console.warning(warning.message);

  const Experiment& experiment = checked.experiment();
  const Facts facts = facts_of(options, experiment);
  const Network network = build_network(checked.network, facts.input, facts.classes);
  const StepAssumptions step = step_of(experiment);
  const Summary summary = summarize(network, step);
  const bool json = options.common.format == TableFormat::json;
  std::cout << (json ? render_json(summary, step, options.depth) + "\n" : render_table(summary, step, options.depth))
            << std::flush;
  return 0;
}

}  // namespace rxrun
