// export and import: runs between folders of results.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/commands.h"
#include "cli/readable.h"
#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/hidden_names.h"
#include "recording/merge_runs.h"
#include "recording/query.h"

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

// Whoever gets the folder would get the key with it.
void require_elsewhere(const std::filesystem::path& key, const std::filesystem::path& target) {
  std::error_code code;
  const std::filesystem::path file = std::filesystem::weakly_canonical(key, code),
                              folder = std::filesystem::weakly_canonical(target.parent_path(), code);
  if (std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end())
    throw Error(Failure::usage, fmt::format("the key {} would lie in the exported folder", printable(key.string())),
                "keep it elsewhere: who has it can tell names by their pseudonyms");
}

HiddenNames names_of(const ExportOptions& options, const std::filesystem::path& target) {
  if (options.pseudonyms && options.no_names)
    throw Error(Failure::usage, "--pseudonyms and --no-names exclude each other");
  if (!options.key.empty() && !options.pseudonyms)
    throw Error(Failure::usage, "--key is the key of pseudonyms, which are not asked for", "add --pseudonyms");
  if (options.no_names) return HiddenNames::none();
  if (!options.pseudonyms) return {};
  const std::filesystem::path file = options.key.empty() ? options.common.results / "pseudonyms.key" : options.key;
  require_elsewhere(file, target);
  for (const std::string& run : options.runs)
    find_run(options.common.results / "results.db", run);  // before it is made
  const PseudonymKey key = pseudonym_key(file);
  if (key.made)
    std::cerr << fmt::format(
        "note: {} is the new key of these pseudonyms; keep it, for the same ones next time, and keep it to yourself\n",
        printable(file.string()));
  return HiddenNames::pseudonyms(key);
}

}  // namespace

int run_export(const ExportOptions& options) {
  const std::filesystem::path target = database_to_be(options.to);
  return print(merge_runs(options.common.results / "results.db", target, options.runs, names_of(options, target)),
               options.common);
}

int run_import(const ImportOptions& options) {
  return print(import_runs(options.from, options.common.results / "results.db"), options.common);
}

}  // namespace rxrun
