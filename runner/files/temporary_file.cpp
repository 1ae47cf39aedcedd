#include "files/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "diagnostics/diagnostic.h"
#include "files/folder.h"
#include "files/patience.h"

namespace rxrun {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace

TemporaryFile::TemporaryFile(const std::filesystem::path& target)
    : target_(target), folder_(target.has_parent_path() ? target.parent_path() : std::filesystem::path(".")) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    name_ = temporary_beside(target_);  // O_EXCL catches what is left over from an earlier process of this number
    file_ = Descriptor(::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (file_ || errno != EEXIST) break;
  }
  const int error = errno;
  if (!file_) {
    name_.clear();
    fail("create a file in its folder", error);
  }
  keep_permissions();
}

TemporaryFile::~TemporaryFile() {
  if (!name_.empty()) ::unlink(name_.c_str());
}

void TemporaryFile::write(const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::write(file_.get(), data, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("write", errno);
    data += count;
    size -= static_cast<std::size_t>(count);
    written_ += static_cast<std::uint64_t>(count);
  }
}

void TemporaryFile::reserve(std::uint64_t bytes) {
  int result = 0;
  do {
    result = ::fallocate(file_.get(), 0, 0, static_cast<off_t>(bytes));
  } while (result != 0 && errno == EINTR);
  // A file system that cannot reserve tells of a full disk when it is written to.
  if (result != 0 && errno != EOPNOTSUPP && errno != ENOSYS) fail("reserve space for it", errno);
}

void TemporaryFile::write_at(std::uint64_t place, const void* data, std::size_t size) const {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::pwrite(file_.get(), from, size, static_cast<off_t>(place));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("write", errno);
    from += count;
    place += static_cast<std::uint64_t>(count);
    size -= static_cast<std::size_t>(count);
  }
}

// After a failed fsync the kernel may have dropped the pages and report success next time: so there is no second try.
void TemporaryFile::move_to_target(Durability durability) {
  const bool synced = durability == Durability::synced;
  if (synced && ::fsync(file_.get()) != 0) fail("sync", errno);
  if (file_.close() != 0) fail("close", errno);
  if (::rename(name_.c_str(), target_.c_str()) != 0) fail("rename the new file to its name", errno);
  name_.clear();
  if (!synced) return;
  Descriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) fail("open its folder to sync it", errno);
  // Some network file systems know no sync of a folder and say EINVAL.
  if (::fsync(folder.get()) != 0 && errno != EINVAL) fail("sync its folder", errno);
}

void TemporaryFile::keep_permissions() {
  struct stat status {};
  if (::stat(target_.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (::fchmod(file_.get(), status.st_mode & 0777) == 0) return;
  const int error = errno;
  // FAT, SMB and some FUSE file systems have no permissions of a file's own: there is none to keep.
  if (error == EPERM || error == EOPNOTSUPP || error == ENOSYS) return;
  ::unlink(name_.c_str());  // no destructor runs for a constructor that throws
  fail("set the permissions", error);
}

void TemporaryFile::fail(const char* step, int error) const {
  const std::string message =
      fmt::format("cannot write `{}` (after {} bytes): cannot {}: {}", target_.string(), written_, step, reason(error));
  if (is_full_disk(error)) throw FullDisk(Failure::run, message);
  throw Error(Failure::run, message);
}

}  // namespace rxrun
