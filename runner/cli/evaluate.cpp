#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/run_report.h"
#include "run/prepare.h"
#include "run/stored_run.h"
#include "training/trainer.h"

namespace rxrun {

namespace {

void compare_data(const EvaluateOptions& options, const StoredRun& run, const Experiment& experiment,
                  const Dataset& dataset, Console& console) {
  const std::vector<std::string> changes =
      changes_of_data(options.common.results, run.id, dataset.content_hash, dataset.split_hash);
  if (changes.empty()) return;
  const std::string told = fmt::format("the data at {}{} is not that of run {}: {}", experiment.data.path.string(),
                                       dataset.generated ? " (generated)" : "", run.id, fmt::join(changes, ", and "));
  if (!options.other_data)
    throw Error(Failure::usage, told, "say where its own data is with data.path=PATH, or score this data anyway with --other-data");
  console.warning(told);
}

}  // namespace

int run_evaluate(const EvaluateOptions& options) {
  Console console(options.common);
  RunReporter reporter(console, options.common.results);
  const StoredRun run = find_stored_run(options.common.results, options.run);
  const CheckedExperiment checked = stored_experiment(run, options.overrides, Overridable::data_and_machine);
  const Experiment& experiment = checked.experiment();
  set_up(experiment, reporter);

  std::shared_ptr<const Source> source = open_source(experiment.data, experiment.seed);
  Network network = network_for(checked, *source);
  const Dataset dataset = read_dataset(experiment, std::move(source), options.common.results, reporter);
  console.warnings(dataset.warnings);
  warn_if_generated(console, experiment, dataset);
  compare_data(options, run, experiment, dataset, console);
  const Part part = options.part == "train" ? Part::train : options.part == "test" ? Part::test : Part::validation;

  const std::map<std::string, double> scores = score(evaluate(network, dataset, experiment, run.best_weights(), part));
  Table table{.columns = {"run", "part", "images"}, .rows = {{run.name, options.part, static_cast<std::int64_t>(dataset.part(part).size())}}};
  for (const auto& [name, value] : scores) {
    table.columns.push_back(name);
    table.rows[0].emplace_back(value);
  }
  fmt::print("{}", render(table, options.common.format));
  const TestTimeAugmentation augmentation = experiment.training.test_time_augmentation;
  if (part == Part::test && augmentation != TestTimeAugmentation::none && options.common.format == TableFormat::text && !options.common.quiet)
    fmt::print("Scored with training.test_time_augmentation: {}; the test_* values of the epochs, and of `rxrun show`, are computed without it\n",
               to_string(augmentation));
  return 0;
}

}  // namespace rxrun
