// One process at a time in a folder.
#pragma once

#include <filesystem>

namespace rxrun {

// Holds flock(2) on `<folder>/lock` for its lifetime; the kernel gives it back when the process dies, however it dies.
class FolderLock {
 public:
  // Throws Error (try_later) naming the holder's process when another one has it.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace rxrun
