// export and import: runs between folders of results.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/commands.h"
#include "cli/readable.h"
#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/merge_runs.h"

namespace rxrun {
namespace {

// 2 where a folder could not be read.
int print(const Table& runs, const CommonOptions& common) {
  if (common.format == TableFormat::text && runs.rows.empty())
    std::cout << "There are no runs.\n";
  else if (common.format != TableFormat::text || !common.quiet)
    std::cout << render(for_reading(runs, common.format), common.format);
  const bool damaged = std::any_of(runs.rows.begin(), runs.rows.end(),
                                   [](const auto& row) { return row.at(2) == Value(std::string("damaged")); });
  return damaged ? static_cast<int>(Failure::usage) : 0;
}

// A folder of results is as good as its results.db, and is made if it is not there.
std::filesystem::path database_to_be(const std::filesystem::path& path) {
  std::error_code ignored;  // opening it tells
  if (path.extension() == ".db" && !std::filesystem::is_directory(path, ignored)) return path;
  if (std::filesystem::is_regular_file(path, ignored))
    throw Error(Failure::usage, fmt::format("`{}` is a file, not a folder of results", printable(path.string())),
                "name a folder, which is created if necessary, or the .db file in one");
  return path / "results.db";
}

}  // namespace

int run_export(const ExportOptions& options) {
  return print(merge_runs(options.common.results / "results.db", database_to_be(options.to), options.runs),
               options.common);
}

int run_import(const ImportOptions& options) {
  return print(import_runs(options.from, options.common.results / "results.db"), options.common);
}

}  // namespace rxrun
