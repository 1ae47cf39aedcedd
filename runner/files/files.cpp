#include "files/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/descriptor.h"

namespace rxrun {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

// A name that no other process or thread picks; O_EXCL catches what is left over from an earlier process of this number.
std::filesystem::path temporary_name(const std::filesystem::path& folder) {
  static std::atomic<unsigned> counter{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return folder / fmt::format(".rxrun-{}-{}-{:x}.tmp", ::getpid(), counter++, static_cast<unsigned long long>(now));
}

// A file under a temporary name that vanishes unless it is moved to its place.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target)
      : target_(target), folder_(target.has_parent_path() ? target.parent_path() : std::filesystem::path(".")) {
    for (int attempt = 0; attempt < 100; ++attempt) {
      name_ = temporary_name(folder_);
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
  ~TemporaryFile() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(const char* data, std::size_t size) {
    while (size > 0) {
      const ssize_t count = ::write(file_.get(), data, size);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("write", errno);
      data += count;
      size -= static_cast<std::size_t>(count);
      written_ += static_cast<std::uint64_t>(count);
    }
  }

  // After a failed fsync the kernel may have dropped the pages and report success next time: so there is no second try.
  void move_to_target() {
    if (::fsync(file_.get()) != 0) fail("sync", errno);
    if (file_.close() != 0) fail("close", errno);
    if (::rename(name_.c_str(), target_.c_str()) != 0) fail("rename the new file to its name", errno);
    name_.clear();
    Descriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) fail("open its folder to sync it", errno);
    // Some network file systems know no sync of a folder and say EINVAL.
    if (::fsync(folder.get()) != 0 && errno != EINVAL) fail("sync its folder", errno);
  }

 private:
  void keep_permissions() {
    struct stat status {};
    if (::stat(target_.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    if (::fchmod(file_.get(), status.st_mode & 0777) != 0) fail("set the permissions", errno);
  }

  [[noreturn]] void fail(const char* step, int error) const {
    throw Error(Failure::run,
                fmt::format("cannot write `{}` (after {} bytes): cannot {}: {}", target_.string(), written_, step, reason(error)));
  }

  std::filesystem::path target_, folder_, name_;
  Descriptor file_;
  std::uint64_t written_ = 0;
};

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  std::string bytes;
  for_each_block(path, limit, [&](std::string_view block) { bytes += block; });
  return bytes;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  write_file_atomically(path, [&](const Sink& sink) { sink(bytes.data(), bytes.size()); });
}

void write_file_atomically(const std::filesystem::path& path, const std::function<void(const Sink&)>& write) {
  TemporaryFile file(path);
  write([&](const void* data, std::size_t size) { file.write(static_cast<const char*>(data), size); });
  file.move_to_target();
}

void for_each_block(const std::filesystem::path& path, std::uint64_t limit,
                    const std::function<void(std::string_view)>& take) {
  const auto fail = [&](const std::string& why) { throw Error(Failure::usage, fmt::format("cannot read `{}`: {}", path.string(), why)); };
  if (path.native().find('\0') != std::string::npos) {
    throw Error(Failure::usage, fmt::format("cannot read `{}`: its name has a NUL byte", printable(path.native())));
  }
  // O_NONBLOCK: opening a FIFO that nobody writes must not wait.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) fail(reason(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(reason(errno));
  if (S_ISDIR(status.st_mode)) fail("it is a folder, not a file");
  if (!S_ISREG(status.st_mode)) fail("it is not a regular file (a device, a pipe or a socket)");
  const auto too_large = [&](std::uint64_t size) { fail(fmt::format("it has {} bytes or more; at most {} are read", size, limit)); };
  if (static_cast<std::uint64_t>(status.st_size) > limit) too_large(static_cast<std::uint64_t>(status.st_size));

  std::uint64_t total = 0;
  std::string buffer(std::min<std::uint64_t>(1u << 20, static_cast<std::uint64_t>(status.st_size) + 1), '\0');
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(reason(errno));
    if (count == 0) return;
    total += static_cast<std::uint64_t>(count);
    if (total > limit) too_large(total);  // it grew while it was read
    take(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  }
}

}  // namespace rxrun
