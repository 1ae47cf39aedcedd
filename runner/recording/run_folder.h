// The folder of a run, as its row names it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
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
// its name back.
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
inline std::string crash_note(const std::filesystem::path& results, const std::filesystem::path& folder) {
  if (!is_a_runs_folder(folder)) return {};
  std::ifstream file(results / folder / kCrashNote);
  std::string line;
  std::getline(file, line);
  constexpr std::string_view mark = "rxrun: ";
  return line.starts_with(mark) ? line.substr(mark.size(), 1000) : std::string();
}

}  // namespace rxrun
