// tag, note, rename, rm, restore: each prints the runs as they are now.
#include <fmt/format.h>

#include <iostream>

#include "cli/commands.h"
#include "cli/readable.h"
#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/tend_runs.h"

namespace rxrun {
namespace {

std::filesystem::path database_of(const CommonOptions& common) { return common.results / "results.db"; }

int print(const Table& runs, const CommonOptions& common) {
  if (!common.quiet || common.format != TableFormat::text)
    std::cout << render(for_reading(runs, common.format), common.format);
  return 0;
}

}  // namespace

int run_tag(const TagOptions& options) {
  std::vector<std::string> add, take_away;
  for (const std::string& word : options.tags) {
    const std::string tag = word.starts_with('+') ? word.substr(1) : word;
    if (tag.starts_with('-'))
      take_away.push_back(tag.substr(1));
    else
      add.push_back(tag);
  }
  return print(tag_run(database_of(options.common), options.run, add, take_away), options.common);
}

int run_note(const NoteOptions& options) {
  return print(note_run(database_of(options.common), options.run, options.text), options.common);
}

int run_rename(const RenameOptions& options) {
  return print(rename_run(database_of(options.common), options.run, options.name), options.common);
}

int run_rm(const RmOptions& options) {
  const Table runs = remove_runs(database_of(options.common), options.runs, options.force);
  print(runs, options.common);
  if (options.common.format == TableFormat::text && !options.common.quiet)
    std::cout << fmt::format("{} removed; `rxrun restore` undoes this, `rxrun gc` deletes for good\n",
                             runs.rows.size() == 1 ? "Run" : "Runs");
  return 0;
}

int run_restore(const RestoreOptions& options) {
  return print(restore_runs(database_of(options.common), options.runs), options.common);
}

}  // namespace rxrun
