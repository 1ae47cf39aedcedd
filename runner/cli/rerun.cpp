#include <fmt/format.h>

#include <iostream>
#include <map>

#include "cli/commands.h"
#include "cli/run_report.h"
#include "diagnostics/render.h"
#include "recording/query.h"
#include "run/stored_run.h"

namespace rxrun {
namespace {

// What the run says of the time when it was made, and this machine says now. Threads alter no number.
std::vector<std::string> changes_since(const std::filesystem::path& results, const StoredRun& run,
                                       const RunRecord& now) {
  const std::filesystem::path database = results / "results.db";
  std::vector<std::string> changes = changes_of_data(results, run, now.content_hash, now.split_hash);
  std::map<std::string, std::pair<std::string, std::string>> facts;
  for (const auto& row : query(database, "SELECT name, value FROM environment WHERE run = ?", {run.id}).rows)
    if (const auto* name = std::get_if<std::string>(&row[0]))
      if (const auto* value = std::get_if<std::string>(&row[1])) facts[*name].first = *value;
  for (const auto& [name, value] : now.environment) facts[name].second = value;
  for (const auto& [name, values] : facts) {
    const auto& [before, after] = values;
    if (name == "threads" || before == after) continue;
    const auto shown = [](const std::string& text) {
      return text.empty() ? std::string("absent") : printable(text.substr(0, 40));
    };
    changes.push_back(fmt::format("{} was {}, is {}", printable(name), shown(before), shown(after)));
  }
  // Whatever decides the numbers is in the identity; this says so should the list above miss something.
  if (changes.empty() && now.identity != run.identity) changes.push_back("its identity is another one");
  return changes;
}

// Tells what has changed before anything is written; with `exact` that is an error.
class RerunReporter final : public RunReporter {
 public:
  RerunReporter(Console& console, const RerunOptions& options, const StoredRun& run)
      : RunReporter(console, options.common.results), options_(options), run_(run) {}

  void on_record(const RunRecord& now) override {
    const std::vector<std::string> changes = changes_since(options_.common.results, run_, now);
    const bool quiet = options_.common.quiet || options_.common.format != TableFormat::text;
    if (changes.empty() && !quiet)
      std::cout << fmt::format("Data, plugins, engine and machine are those of run {}: the same figures are expected\n",
                               run_.id)
                << std::flush;
    for (const std::string& change : changes) std::cerr << fmt::format("warning: since run {}: {}\n", run_.id, change);
    if (!changes.empty() && options_.exact)
      throw Error(Failure::usage,
                  fmt::format("run {} cannot be repeated exactly: {} thing{} changed, as told above", run_.id,
                              changes.size(), changes.size() == 1 ? "" : "s"),
                  "without --exact it is run with what there is now");
  }

 private:
  const RerunOptions& options_;
  const StoredRun& run_;
};

}  // namespace

int run_rerun(const RerunOptions& options) {
  const StoredRun run = find_stored_run(options.common.results, options.run);
  const CheckedExperiment checked = stored_experiment(run);
  Console console(options.common);
  RerunReporter reporter(console, options, run);
  return run_and_report(checked, options.common, {.file = (run.folder / "experiment.yaml").string(), .again = true}, reporter);
}

}  // namespace rxrun
