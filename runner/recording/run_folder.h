// The folder of a run, as its row names it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace rxrun {

// "checkpoints/NAME" and no more: what a database from elsewhere says is not to lead out of the results. Names with
// ".rxrun-" before them are those of what is half-written or half-deleted.
inline bool is_a_runs_folder(const std::filesystem::path& folder) {
  const std::vector<std::filesystem::path> parts(folder.begin(), folder.end());
  return parts.size() == 2 && parts[0] == "checkpoints" && parts[1] != ".." && parts[1] != "." && !parts[1].empty() &&
         !parts[1].string().starts_with(".rxrun-");
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
