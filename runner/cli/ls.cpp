#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/commands.h"
#include "cli/readable.h"
#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/query.h"

namespace rxrun {
namespace {

constexpr std::int64_t kRunsOnAPage = 100;
constexpr std::size_t kParametersOnAPage = 8;
constexpr std::size_t kParametersFrom = 5;  // run, name, data, status, seed

bool is_for_reading(TableFormat format) { return format == TableFormat::text || format == TableFormat::markdown; }

// Runs of different networks differ in dozens of parameters; a line holds some. Returns how many were left out.
std::size_t drop_parameters(Table& runs) {
  const auto end = std::find(runs.columns.begin(), runs.columns.end(), "epochs") - runs.columns.begin();
  const std::size_t parameters = static_cast<std::size_t>(end) - kParametersFrom;
  if (parameters <= kParametersOnAPage) return 0;
  const auto first = static_cast<std::ptrdiff_t>(kParametersFrom + kParametersOnAPage);
  runs.columns.erase(runs.columns.begin() + first, runs.columns.begin() + end);
  for (auto& row : runs.rows) row.erase(row.begin() + first, row.begin() + end);
  return parameters - kParametersOnAPage;
}

}  // namespace

int run_ls(const LsOptions& options) {
  const std::filesystem::path database = options.common.results / "results.db";
  const TableFormat format = options.common.format;
  if (options.removed) {
    if (!options.where.empty() || !options.sort.empty())
      throw Error(Failure::usage, "--removed lists all removed runs; it cannot be combined with --where or --sort");
    std::cout << render(for_reading(removed_runs(database), format), format);
    return 0;
  }
  const std::int64_t limit = options.limit.value_or(is_for_reading(format) ? kRunsOnAPage : 0);
  Table runs = list_runs(database, {.where = options.where,
                                    .sort = options.sort,
                                    .descending = options.descending,
                                    .limit = limit,
                                    .full_names = !is_for_reading(format)});
  if (format == TableFormat::text && runs.rows.empty()) {
    std::cout << (options.where.empty() ? "No runs yet.\n" : "No runs match.\n");
    return 0;
  }
  const std::size_t dropped = is_for_reading(format) ? drop_parameters(runs) : 0;
  std::cout << render(for_reading(runs, format), format);
  if (options.common.quiet) return 0;
  const char* which = options.sort.empty() ? "newest" : "first";
  if (runs.more && is_for_reading(format))
    std::cerr << fmt::format(
        "{}; --limit 0 lists all of them.\n",
        limit == 1 ? fmt::format("This is the {} run", which) : fmt::format("These are the {} {} runs", which, limit));
  if (dropped > 0)
    std::cerr << fmt::format("They also differ in {}; --csv and --json show all.\n",
                             counted(dropped, "more parameter"));
  return 0;
}

}  // namespace rxrun
