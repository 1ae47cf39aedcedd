#include "files/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/descriptor.h"
#include "files/temporary_file.h"

namespace rxrun {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

// Calls `expect` with the size that the file has at first, then `take` with each block.
void read_blocks(const std::filesystem::path& path, std::uint64_t limit, const std::function<void(std::size_t)>& expect,
                 const std::function<void(std::string_view)>& take) {
  const auto fail = [&](const std::string& why) {
    throw Error(Failure::usage, fmt::format("cannot read `{}`: {}", path.string(), why));
  };
  if (path.native().find('\0') != std::string::npos) {
    throw Error(Failure::usage,
                fmt::format("cannot read `{}`: its name contains a NUL byte", printable(path.native())));
  }
  // O_NONBLOCK: opening a FIFO that nobody writes must not wait.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) fail(reason(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(reason(errno));
  if (S_ISDIR(status.st_mode)) fail("it is a folder, not a file");
  if (!S_ISREG(status.st_mode)) fail("it is not a regular file (a device, a pipe or a socket)");
  const auto too_large = [&](std::uint64_t size) {
    fail(fmt::format("it has {} bytes or more; the limit is {}", size, limit));
  };
  if (static_cast<std::uint64_t>(status.st_size) > limit) too_large(static_cast<std::uint64_t>(status.st_size));
  expect(static_cast<std::size_t>(status.st_size));

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

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  std::string bytes;
  read_blocks(
      path, limit, [&](std::size_t size) { bytes.reserve(size); }, [&](std::string_view block) { bytes += block; });
  return bytes;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes, Durability durability) {
  write_file_atomically(
      path, [&](const Sink& sink) { sink(bytes.data(), bytes.size()); }, durability);
}

void write_file_atomically(const std::filesystem::path& path, const std::function<void(const Sink&)>& write,
                           Durability durability) {
  TemporaryFile file(path);
  write([&](const void* data, std::size_t size) { file.write(static_cast<const char*>(data), size); });
  file.move_to_target(durability);
}

void for_each_block(const std::filesystem::path& path, std::uint64_t limit,
                    const std::function<void(std::string_view)>& take) {
  read_blocks(
      path, limit, [](std::size_t) {}, take);
}

}  // namespace rxrun
