// The folder of a run, as its row names it.
#pragma once

#include <filesystem>
#include <vector>

namespace rxrun {

// "checkpoints/NAME" and no more: what a database from elsewhere says is not to lead out of the results. Names with
// ".rxrun-" before them are those of what is half-written or half-deleted.
inline bool is_a_runs_folder(const std::filesystem::path& folder) {
  const std::vector<std::filesystem::path> parts(folder.begin(), folder.end());
  return parts.size() == 2 && parts[0] == "checkpoints" && parts[1] != ".." && parts[1] != "." && !parts[1].empty() &&
         !parts[1].string().starts_with(".rxrun-");
}

}  // namespace rxrun
