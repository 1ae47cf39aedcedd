// The folder of a run, as its row names it. A database or a folder may come from anybody: nothing outside of the
// results is read, written or deleted for what a row, or a symbolic link in the place of a folder or file, says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace rxrun {

// "checkpoints/NAME" and no more: what a database from elsewhere says is not to lead out of the results. Names with
// ".rxrun-" before them are those of what is half-written or half-deleted.
inline bool is_a_runs_folder(const std::filesystem::path& folder) {
  const std::vector<std::filesystem::path> parts(folder.begin(), folder.end());
  return parts.size() == 2 && parts[0] == "checkpoints" && parts[1] != ".." && parts[1] != "." && !parts[1].empty() &&
         !parts[1].string().starts_with(".rxrun-");
}

// The first part of `relative`, below `root`, that is a symbolic link; empty: none is.
std::filesystem::path link_in(const std::filesystem::path& root, const std::filesystem::path& relative);

// Where the files of that run lie, or would: `results / folder`. Throws Error (usage) where the row names a place that
// is not the run's own, or a symbolic link, a pipe or a device stands in the place of that folder or of a file in it.
std::filesystem::path own_folder(const std::filesystem::path& results, std::int64_t run,
                                 const std::filesystem::path& folder);

// Where a sweep's logs and the experiments of its points lie; throws likewise. `name`: as results.db has it.
std::filesystem::path own_sweep_folder(const std::filesystem::path& results, const std::string& name);

// Throws Error (usage) where `results / name` is a symbolic link: what is put there would be written elsewhere.
void require_no_link(const std::filesystem::path& results, const std::filesystem::path& name);

// The name that a run's folder bears while it is deleted: ".rxrun-deleted-" and the run's number.
inline constexpr const char* kGrave = ".rxrun-deleted-";

inline std::filesystem::path grave_of(const std::filesystem::path& folder, std::int64_t run) {
  return folder.parent_path() / (kGrave + std::to_string(run));
}

// The number in such a name; empty for any other name.
inline std::string number_of_grave(const std::filesystem::path& folder) {
  const std::string name = folder.filename().string(), prefix = kGrave;
  const std::string number = name.starts_with(prefix) ? name.substr(prefix.size()) : "";
  return std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }) ? number : "";
}

// Within a transaction that has found the run's row: a deletion that was cut off before its row went gives the folder
// its name back. `folder`: of own_folder().
inline void unbury(const std::filesystem::path& folder, std::int64_t run) {
  std::error_code code;
  const std::filesystem::path grave = grave_of(folder, run);
  if (!std::filesystem::exists(std::filesystem::symlink_status(folder, code)) &&
      std::filesystem::is_directory(std::filesystem::symlink_status(grave, code)))
    std::filesystem::rename(grave, folder, code);
}

// In a run's folder: the line that its process wrote when it crashed, which had no time for results.db any more.
inline constexpr const char* kCrashNote = "crash.txt";

// That line without "rxrun: "; empty: it did not crash.
std::string crash_note(const std::filesystem::path& results, const std::filesystem::path& folder);

}  // namespace rxrun
