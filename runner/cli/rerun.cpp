#include <fmt/format.h>

#include <iostream>
#include <utility>

#include "cli/commands.h"
#include "cli/run_report.h"
#include "run/stored_run.h"

namespace rxrun {
namespace {

// Tells what has changed before anything is written; with `exact` that is an error.
class RerunReporter final : public RunReporter {
 public:
  RerunReporter(Console& console, const RerunOptions& options, const StoredRun& run)
      : RunReporter(console, options.common.results), options_(options), run_(run) {}

  void on_record(const RunRecord& now) override {
    RunChanges since = changes_since(options_.common.results, run_.id, now, Compared::anew);
    std::vector<std::string> changes = std::move(since.identity);
    changes.insert(changes.end(), since.rounding.begin(), since.rounding.end());
    const bool quiet = options_.common.quiet || options_.common.format != TableFormat::text;
    if (changes.empty() && !quiet)
      std::cout << fmt::format(
                       "Data, plugins, engine and machine are the same as for run {}: the same results are expected\n",
                       run_.id)
                << std::flush;
    for (const std::string& change : changes) std::cerr << fmt::format("warning: since run {}: {}\n", run_.id, change);
    if (!changes.empty() && options_.exact)
      throw Error(Failure::usage,
                  fmt::format("run {} cannot be repeated exactly: {} thing{} changed, listed above", run_.id,
                              changes.size(), changes.size() == 1 ? "" : "s"),
                  "without --exact it is run with what is here now");
  }

 private:
  const RerunOptions& options_;
  const StoredRun& run_;
};

}  // namespace

int run_rerun(const RerunOptions& options) {
  const StoredRun run = find_stored_run(options.common.results, options.run);
  const CheckedExperiment checked = stored_experiment(run, options.overrides, Overridable::data_and_machine);
  Console console(options.common);
  RerunReporter reporter(console, options, run);
  return run_and_report(
      checked, options.common,
      {.file = (run.folder / "experiment.yaml").string(), .again = true, .score_test = !options.no_test}, reporter);
}

}  // namespace rxrun
