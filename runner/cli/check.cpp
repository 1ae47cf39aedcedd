#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/experiment_run.h"
#include "network/summary.h"

namespace rxrun {

int run_check(const CheckOptions& options) {
  Console console(options.common);
  const CheckedExperiment checked = check_experiment(options.experiment);
  console.warnings(checked.warnings);
  const std::unique_ptr<Source> source = open_source(checked.experiment().data, checked.experiment().seed);
  const Network network = network_for(checked, *source);
  const Summary summary = summarize(network);
  console.event({{"event", "checked"}, {"file", options.experiment.file.string()}, {"parameters", summary.parameters},
                 {"multiply_adds", summary.multiply_adds}, {"classes", network.classes}, {"generated_data", source->generated()}});
  console.result(fmt::format("{}: no errors; {} parameters, {} multiply-adds, input {}, {} classes{}", options.experiment.file.string(),
                             summary.parameters, summary.multiply_adds, fmt::join(network.input, "×"), network.classes,
                             source->generated() ? "; the data would be the generated sample" : ""));
  return 0;
}

}  // namespace rxrun
