// `rxrun import`: what is meant by a folder, and runs that come without a database.
#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/folder_lock.h"
#include "recording/merge_runs.h"
#include "recording/record_file.h"
#include "recording/run_copy.h"
#include "recording/schema.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

// The folders of runs that are meant by a folder: it itself, or those in it or in its checkpoints/; in order of the
// name.
std::vector<fs::path> run_folders_in(const fs::path& named) {
  if (is_a_records_folder(named)) return {named};
  std::vector<fs::path> folders;
  for (const fs::path& parent : {named, named / "checkpoints"}) {
    std::error_code code;
    for (fs::directory_iterator entry(parent, code), end; !code && entry != end; entry.increment(code))
      if (entry->is_directory() && !entry->is_symlink() && is_a_records_folder(entry->path()))
        folders.push_back(entry->path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

// As the run of that folder, whatever it was called where it came from.
RunHistory history_in(const fs::path& folder) {
  RunHistory history = read_record(folder);
  history.run.folder = "checkpoints/" + fs::absolute(folder).lexically_normal().filename().string();
  if (history.end)
    for (auto& [file, sha256] : history.end->artifacts)
      file = history.run.folder + "/" + fs::path(file).filename().string();
  if (!history.words.name.empty()) history.run.name = history.words.name;
  return history;
}

void import_folder(const fs::path& folder, CopiedRuns& into) {
  const auto tell = [&](const Error& error) {
    if (error.failure() == Failure::run) throw error;
    const bool busy = error.failure() == Failure::try_later;
    into.tell(Value(), folder.filename().string(), busy ? "running" : "damaged",
              busy ? "wait for its end" : error.what());
  };
  // From its record to its last file nobody goes on with it: they would be of different epochs.
  std::optional<SharedFolderLock> still;
  RunHistory history;
  try {
    still.emplace(folder);
    history = history_in(folder);
  } catch (const Error& error) {
    return tell(error);
  }
  into.open();  // what is wrong with the target is no fault of the run
  try {
    if (into.has_folder(folder)) still.reset();  // which it locks itself
    into.take(std::move(history), folder);
  } catch (const Error& error) {
    tell(error);
  }
}

// In the order in which they began, which is that of their numbers where they came from; one at a time, as their
// outputs can be large.
Table import_folders(const std::vector<fs::path>& folders, const fs::path& target) {
  std::vector<std::pair<std::string, fs::path>> begun;
  begun.reserve(folders.size());
  for (const fs::path& folder : folders) begun.emplace_back(when_begun(folder), folder);
  std::sort(begun.begin(), begun.end());
  CopiedRuns into(target);
  for (const auto& [when, folder] : begun) import_folder(folder, into);
  return std::move(into).table();
}

fs::path database_of(const fs::path& named) {
  constexpr const char* expected =
      "expected a folder of results, which is one that holds a results.db, that file itself, or the folder of a run";
  std::error_code code;
  const fs::file_status status = fs::status(named, code);
  if (!fs::exists(status))
    throw Error(Failure::usage, fmt::format("there is no `{}`", printable(named.string())), expected);
  const bool folder = fs::is_directory(status);
  fs::path database = folder ? named / "results.db" : named;
  const auto is_there = [](const fs::path& path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
  };
  if (is_there(database)) {
    try {
      check_file(database);
      return database;
    } catch (const Error& error) {
      throw Error(error.failure(), error.diagnostics().front().message, rescue_advice(database, expected));
    }
  }
  // The folder above or below is named by mistake, or that of one run.
  std::vector<fs::path> near = {named / "results"};
  for (fs::path above = fs::absolute(named, code).lexically_normal(); near.size() < 5 && above.has_relative_path();
       above = above.parent_path())
    near.push_back(above.parent_path());
  const auto meant =
      std::find_if(near.begin(), near.end(), [&](const fs::path& path) { return is_there(path / "results.db"); });
  throw Error(Failure::usage, fmt::format("the folder `{}` has no results.db", printable(named.string())),
              meant == near.end() ? expected : fmt::format("did you mean `{}`?", printable(meant->string())));
}

}  // namespace

Table import_runs(const fs::path& named, const fs::path& target) {
  std::error_code code;
  if (!fs::exists(fs::symlink_status(named / "results.db", code)))
    if (const std::vector<fs::path> folders = run_folders_in(named); !folders.empty())
      return copied([&] { return import_folders(folders, target); });
  return merge_runs(database_of(named), target, {});
}

}  // namespace rxrun
