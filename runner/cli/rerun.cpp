#include <fmt/format.h>

#include <iostream>
#include <map>

#include "cli/commands.h"
#include "cli/experiment_run.h"
#include "cli/stored_run.h"
#include "diagnostics/render.h"
#include "recording/query.h"

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

}  // namespace

int run_rerun(const RerunOptions& options) {
  const StoredRun run = find_stored_run(options.common.results, options.run);
  const auto tell_changes = [&](const RunRecord& now) {
    const std::vector<std::string> changes = changes_since(options.common.results, run, now);
    const bool quiet = options.common.quiet || options.common.format != TableFormat::text;
    if (changes.empty() && !quiet)
      std::cout << fmt::format("Data, plugins, engine and machine are those of run {}: the same figures are expected\n",
                               run.id)
                << std::flush;
    for (const std::string& change : changes) std::cerr << fmt::format("warning: since run {}: {}\n", run.id, change);
    if (!changes.empty() && options.exact)
      throw Error(Failure::usage,
                  fmt::format("run {} cannot be repeated exactly: {} thing{} changed, as told above", run.id,
                              changes.size(), changes.size() == 1 ? "" : "s"),
                  "without --exact it is run with what there is now");
  };
  return run_experiment(stored_experiment(run), {.common = options.common,
                                                 .file = (run.folder / "experiment.yaml").string(),
                                                 .again = true,
                                                 .identity = {},
                                                 .before_recording = tell_changes});
}

}  // namespace rxrun
