#include <fmt/format.h>

#include <iostream>

#include "cli/commands.h"
#include "recording/query.h"

namespace rxrun {
namespace {

constexpr std::int64_t kMostRowsOnTerminal = 1000;

}  // namespace

int run_sql(const SqlOptions& options) {
  const bool text = options.common.format == TableFormat::text;
  const Table table =
      query(options.common.results / "results.db", options.statement, {}, text ? kMostRowsOnTerminal : 0);
  std::cout << render(table, options.common.format);
  if (table.more)
    std::cerr << fmt::format("These are the first {} rows; --csv, --json or --markdown print all of them.\n",
                             kMostRowsOnTerminal);
  return 0;
}

}  // namespace rxrun
