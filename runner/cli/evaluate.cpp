#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/experiment_run.h"
#include "cli/stored_run.h"
#include "training/machine.h"
#include "training/trainer.h"

namespace rxrun {

int run_evaluate(const EvaluateOptions& options) {
  Console console(options.common);
  const StoredRun run = find_stored_run(options.common.results, options.run);
  const CheckedExperiment checked = stored_experiment(run);
  const Experiment& experiment = checked.experiment();
  set_up_machine(experiment.machine, experiment.training.precision);

  std::shared_ptr<const Source> source = open_source(experiment.data, experiment.seed);
  Network network = network_for(checked, *source);
  const Dataset dataset = read_dataset(experiment, source, options.common.results, console);
  const Part part = options.part == "train" ? Part::train : options.part == "test" ? Part::test : Part::validation;

  const std::map<std::string, double> scores = score(evaluate(network, dataset, experiment, run.best_weights(), part));
  Table table{.columns = {"run", "part", "images"}, .rows = {{run.name, options.part, static_cast<std::int64_t>(dataset.part(part).size())}}};
  for (const auto& [name, value] : scores) {
    table.columns.push_back(name);
    table.rows[0].emplace_back(value);
  }
  fmt::print("{}", render(table, options.common.format));
  return 0;
}

}  // namespace rxrun
