// rxrun: the commands that need no LibTorch, and the door to those that do.
#include "cli/commands.h"
#include "cli/engine.h"
#include "cli/sweep_declaration.h"
#include "plugin/checked_experiment.h"
#include "recording/query.h"
#include "recording/run_folder.h"

using namespace rxrun;

namespace {

// Tells the errors of the experiment file at once, before LibTorch takes its second to load.
template <typename Options>
int check_then_hand_over(const Options& options) {
  check_experiment(options.experiment);
  hand_over_to_engine(options.common.arguments);
}

// The same for what names a run, of which it needs no more than its row.
template <typename Options>
int find_then_hand_over(const Options& options) {
  const std::filesystem::path& results = options.common.results;
  const RunReference run = find_run(results / "results.db", options.run);
  own_folder(results, run.id, run.folder);
  hand_over_to_engine(options.common.arguments);
}

template <typename Options>
int hand_over(const Options& options) {
  hand_over_to_engine(options.common.arguments);
}

// The same for what is declared on the command line.
int declare_then_hand_over(const SweepOptions& options) {
  declared_sweep(options);
  hand_over_to_engine(options.common.arguments);
}

}  // namespace

int main(int argc, char** argv) {
  return parse_and_run(argc, argv,
                       {
                           .run = check_then_hand_over<RunOptions>,
                           .sweep = declare_then_hand_over,
                           .resume = find_then_hand_over<ResumeOptions>,
                           .rerun = find_then_hand_over<RerunOptions>,
                           .check = check_then_hand_over<CheckOptions>,
                           .summary = check_then_hand_over<SummaryOptions>,
                           .time = check_then_hand_over<TimeOptions>,
                           .plugins_test = hand_over<PluginsTestOptions>,
                           .evaluate = find_then_hand_over<EvaluateOptions>,
                           .predict = find_then_hand_over<PredictOptions>,
                       });
}
