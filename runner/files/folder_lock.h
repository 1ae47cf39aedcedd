// One process at a time in a folder.
#pragma once

#include <filesystem>

#include "files/descriptor.h"

namespace rxrun {

// Holds flock(2) on `<folder>/lock` for its lifetime; the kernel gives it back when the process dies, however it dies.
class FolderLock {
 public:
  // Throws Error: try_later, naming the holder's process, when another one has it; usage when the folder cannot be
  // locked.
  explicit FolderLock(const std::filesystem::path& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  Descriptor descriptor_;
};

// Keeps FolderLock out for its lifetime, for a process that only reads there: it writes nothing, so the folder may be
// read-only, and several may have it. Where there is no lock file, or the file system knows no locks, it holds nothing.
class SharedFolderLock {
 public:
  // Throws Error (try_later) when another process has the FolderLock.
  explicit SharedFolderLock(const std::filesystem::path& folder);

 private:
  Descriptor descriptor_;
};

}  // namespace rxrun
