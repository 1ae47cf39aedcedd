// export and import: runs between folders of results.
#include <fmt/format.h>

#include <iostream>

#include "cli/commands.h"
#include "cli/readable.h"
#include "diagnostics/diagnostic.h"
#include "recording/merge_runs.h"

namespace rxrun {
namespace {

int print(const Table& runs, const CommonOptions& common) {
  if (common.format == TableFormat::text && runs.rows.empty())
    std::cout << "There is no run.\n";
  else if (common.format != TableFormat::text || !common.quiet)
    std::cout << render(for_reading(runs, common.format), common.format);
  return 0;
}

// A folder of results is as good as its results.db.
std::filesystem::path database_of(const std::filesystem::path& path) {
  std::error_code ignored;  // opening it tells
  return std::filesystem::is_directory(path, ignored) || path.extension() != ".db" ? path / "results.db" : path;
}

}  // namespace

int run_export(const ExportOptions& options) {
  return print(merge_runs(options.common.results / "results.db", database_of(options.to), options.runs),
               options.common);
}

int run_import(const ImportOptions& options) {
  return print(merge_runs(database_of(options.from), options.common.results / "results.db", {}), options.common);
}

}  // namespace rxrun
