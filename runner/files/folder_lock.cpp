#include "files/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "diagnostics/diagnostic.h"

namespace rxrun {

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "lock";
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor_ < 0) throw Error(Failure::usage, fmt::format("cannot open {}: {}", path.string(), std::strerror(errno)));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    const ssize_t size = pread(descriptor_, holder, sizeof holder - 1, 0);
    close(descriptor_);
    throw Error(Failure::try_later,
                fmt::format("{} is in use by process {}", folder.string(), size > 0 ? std::string(holder, static_cast<std::size_t>(size)) : "?"),
                "wait for it to end, or stop it");
  }
  const std::string self = std::to_string(getpid());
  if (ftruncate(descriptor_, 0) != 0 || pwrite(descriptor_, self.data(), self.size(), 0) < 0) {
    const int cause = errno;
    close(descriptor_);
    throw Error(Failure::usage, fmt::format("cannot write {}: {}", path.string(), std::strerror(cause)));
  }
}

FolderLock::~FolderLock() { close(descriptor_); }

}  // namespace rxrun
