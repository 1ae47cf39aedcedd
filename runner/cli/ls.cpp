#include <iostream>

#include "cli/commands.h"
#include "cli/readable.h"

namespace rxrun {

int run_ls(const LsOptions& options) {
  const Table runs = list_runs(options.common.results / "results.db");
  if (options.common.format == TableFormat::text && runs.rows.empty()) {
    std::cout << "No run yet.\n";
    return 0;
  }
  std::cout << render(for_reading(runs, options.common.format), options.common.format);
  return 0;
}

}  // namespace rxrun
