#include "files/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

int lock(int descriptor, int kind) {
  int result = 0;
  do result = flock(descriptor, kind | LOCK_NB);
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

[[noreturn]] void tell_holder(const std::filesystem::path& folder, int descriptor) {
  char holder[32] = {};
  const ssize_t size = pread(descriptor, holder, sizeof holder - 1, 0);
  throw Error(Failure::try_later,
              fmt::format("{} is in use by process {}", printable(folder.string()),
                          size > 0 ? printable(std::string(holder, static_cast<std::size_t>(size))) : "?"),
              "wait for it to end, or stop it");
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "lock";
  const std::string shown = printable(path.string());
  descriptor_ = Descriptor(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!descriptor_) throw Error(Failure::usage, fmt::format("cannot open {}: {}", shown, std::strerror(errno)));
  const int error = lock(descriptor_.get(), LOCK_EX);
  if (error == EWOULDBLOCK) {
    // The process that the file names is the last one that worked here, and not one that reads.
    if (lock(descriptor_.get(), LOCK_SH) == 0)
      throw Error(Failure::try_later, fmt::format("{} is being copied by another process", printable(folder.string())),
                  "wait for it to end");
    tell_holder(folder, descriptor_.get());
  }
  if (error != 0)
    throw Error(Failure::usage, fmt::format("cannot lock {}: {}", shown, std::strerror(error)),
                "its file system may not support locks; choose a folder on a local disk with --results");
  const std::string self = std::to_string(getpid());
  if (ftruncate(descriptor_.get(), 0) != 0 || pwrite(descriptor_.get(), self.data(), self.size(), 0) < 0)
    throw Error(Failure::usage, fmt::format("cannot write {}: {}", shown, std::strerror(errno)));
}

SharedFolderLock::SharedFolderLock(const std::filesystem::path& folder)
    : descriptor_(open((folder / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {
  if (descriptor_ && lock(descriptor_.get(), LOCK_SH) == EWOULDBLOCK) tell_holder(folder, descriptor_.get());
}

}  // namespace rxrun
