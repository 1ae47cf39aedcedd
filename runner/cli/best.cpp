#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/best_groups.h"
#include "cli/commands.h"
#include "cli/readable.h"
#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/query.h"

namespace rxrun {
namespace {

// "best validation accuracy 0.9123: run 3 resnext50_breast-3f9a1c2e (epoch 21 of 32)"
std::string in_words(const Table& best, const std::string& metric) {
  const auto cell = [&](const std::string& name) -> const Value& {
    const auto column = std::find(best.columns.begin(), best.columns.end(), name) - best.columns.begin();
    return best.rows[0][static_cast<std::size_t>(column)];
  };
  const auto integer = [&](const std::string& name) {
    const auto* number = std::get_if<std::int64_t>(&cell(name));
    return number ? *number : 0;
  };
  const auto* value = std::get_if<double>(&cell(metric));
  const auto* name = std::get_if<std::string>(&cell("name"));
  if (!value || !name)
    throw Error(Failure::usage, "the database of results is damaged: a run without a name or a value");
  std::string words = metric;
  std::replace(words.begin(), words.end(), '_', ' ');
  return fmt::format("best {} {:.4f}: run {} {} (epoch {} of {}){}", printable(words), *value, integer("run"),
                     printable(*name), integer("best_epoch"), integer("epochs"),
                     integer("generated_data") != 0 ? ", on GENERATED data: it says nothing about real images" : "");
}

}  // namespace

int run_best(const BestOptions& options) {
  if (!options.by.empty()) return run_best_groups(options);
  if (options.paired)
    throw Error(Failure::usage, "--paired compares groups: --by KEY has to say which", "for example: --by cardinality");
  const std::int64_t limit = options.limit.value_or(1);
  const Table best = best_runs(options.common.results / "results.db", options.metric, limit, options.where);
  if (options.common.format != TableFormat::text) {
    std::cout << render(for_reading(best, options.common.format), options.common.format);
    return 0;
  }
  if (best.rows.empty())
    throw Error(Failure::usage, fmt::format("no finished run has a {} yet", printable(options.metric)),
                "`rxrun ls` lists the runs");
  std::cout << in_words(best, options.metric) << "\n";
  if (limit > 1 && !options.common.quiet)
    std::cout << "\n" << render(for_reading(best, TableFormat::text), TableFormat::text);
  return 0;
}

}  // namespace rxrun
