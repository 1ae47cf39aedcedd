#include <fmt/format.h>

#include <iostream>

#include "cli/commands.h"
#include "cli/readable.h"
#include "diagnostics/render.h"
#include "recording/garbage.h"

namespace rxrun {
namespace {

Table table_of(const Garbage& garbage) {
  Table table;
  table.columns = {"what", "run", "name", "path", "bytes", "deleted"};
  for (const RemovedRun& run : garbage.runs)
    table.rows.push_back({"removed run", run.id, run.name, run.folder.empty() ? Value() : Value(run.folder.string()),
                          static_cast<std::int64_t>(run.bytes), true});
  for (const LeftOver& file : garbage.unfinished_files)
    table.rows.push_back(
        {"unfinished file", Value(), Value(), file.path.string(), static_cast<std::int64_t>(file.bytes), true});
  for (const LeftOver& file : garbage.decoded_images)
    table.rows.push_back(
        {"decoded images", Value(), Value(), file.path.string(), static_cast<std::int64_t>(file.bytes), true});
  for (const LeftOver& folder : garbage.unnamed_folders)
    table.rows.push_back(
        {"folder of no run", Value(), Value(), folder.path.string(), static_cast<std::int64_t>(folder.bytes), false});
  for (const LeftOver& folder : garbage.unnamed_sweeps)
    table.rows.push_back(
        {"folder of no sweep", Value(), Value(), folder.path.string(), static_cast<std::int64_t>(folder.bytes), false});
  for (const std::filesystem::path& link : garbage.links)
    table.rows.push_back({"symbolic link", Value(), Value(), link.string(), Value(), false});
  return table;
}

std::uint64_t bytes_to_free(const Garbage& garbage) {
  std::uint64_t bytes = 0;
  for (const RemovedRun& run : garbage.runs) bytes += run.bytes;
  for (const auto* files : {&garbage.unfinished_files, &garbage.decoded_images})
    for (const LeftOver& file : *files) bytes += file.bytes;
  return bytes;
}

std::string in_words(const Garbage& garbage) {
  return fmt::format("{} and {}{}", counted(garbage.runs.size(), "run"),
                     counted(garbage.unfinished_files.size(), "unfinished file"),
                     garbage.decoded_images.empty() ? "" : ", and decoded images (decoded again when they are needed)");
}

}  // namespace

int run_gc(const GcOptions& options) {
  const Garbage garbage = find_garbage(options.common.results);
  const bool nothing = garbage.runs.empty() && garbage.unfinished_files.empty() && garbage.decoded_images.empty();
  if (options.yes && !nothing) delete_garbage(options.common.results, garbage);
  Table table = table_of(garbage);
  if (!options.yes)
    for (auto& row : table.rows) row.back() = false;
  const bool text = options.common.format == TableFormat::text;
  if (!text || (!table.rows.empty() && !options.common.quiet))
    std::cout << render(for_reading(table, options.common.format), options.common.format);
  if (!text) return 0;
  if (!garbage.unnamed_folders.empty() && !options.common.quiet)
    std::cout << "Folders that belong to no run are left alone; check them and delete them yourself.\n";
  if (!garbage.unnamed_sweeps.empty() && !options.common.quiet)
    std::cout << "Folders that belong to no sweep are left alone; look at their logs and delete them yourself.\n";
  if (!garbage.links.empty() && !options.common.quiet)
    std::cout << "Symbolic links are not followed: what they point to, and the runs it belongs to, are left alone.\n";
  const double megabytes = static_cast<double>(bytes_to_free(garbage)) / 1e6;
  if (nothing)
    std::cout << "Nothing to delete.\n";
  else if (options.yes)
    std::cout << fmt::format("Deleted {}, {:.1f} MB.\n", in_words(garbage), megabytes);
  else
    std::cout << fmt::format("Nothing has been deleted yet: `rxrun gc --yes` permanently deletes {}, {:.1f} MB.\n",
                             in_words(garbage), megabytes);
  return 0;
}

}  // namespace rxrun
