// What lies in a folder of results and nobody needs: removed runs, files that killed processes left half-written, and
// decoded images, which the next run that wants them makes again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace rxrun {

struct RemovedRun {
  std::int64_t id = 0;
  std::string name;
  std::filesystem::path folder;  // empty: there is none, or another run has it too
  std::uint64_t bytes = 0;
};

struct LeftOver {
  std::filesystem::path path;
  std::uint64_t bytes = 0;
};

struct Garbage {
  std::vector<RemovedRun> runs;
  std::vector<LeftOver>
      unfinished_files;  // .rxrun-*.tmp whose process is gone, and the like; folders whose deletion was cut off
  std::vector<LeftOver> decoded_images;   // in cache/, with the files of their locks; processes that use them keep them
  std::vector<LeftOver> unnamed_folders;  // in checkpoints/, of which no run knows; they are told and left alone
  std::vector<LeftOver> unnamed_sweeps;   // in sweeps/, of which no sweep knows; likewise
  std::vector<std::filesystem::path> links;  // checkpoints/, sweeps/ or cache/ itself: nothing behind them is looked at
};

// `results`: the folder that holds results.db, checkpoints/, sweeps/ and cache/.
Garbage find_garbage(const std::filesystem::path& results);

// Deletes the runs with their folders, then the files; a run that was restored meanwhile stays. A folder is renamed
// before its run is forgotten and deleted after that; what a kill in the middle leaves, the next call finds. Throws
// Error for what cannot be deleted.
void delete_garbage(const std::filesystem::path& results, const Garbage& garbage);

}  // namespace rxrun
