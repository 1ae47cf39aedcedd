#include "data/image_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "diagnostics/diagnostic.h"
#include "files/descriptor.h"

namespace rxrun {
namespace {

std::shared_ptr<std::uint8_t> owned(void* memory, std::size_t bytes) {
  return {static_cast<std::uint8_t*>(memory), [bytes](std::uint8_t* pixels) { munmap(pixels, bytes); }};
}

}  // namespace

ImageStore::ImageStore(std::size_t count, std::size_t bytes) : count_(count), bytes_(bytes) {
  if (count == 0) return;
  const std::size_t all = count * bytes;
  void* memory = mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  madvise(memory, all, MADV_HUGEPAGE);
  pixels_ = owned(memory, all);
}

ImageStore ImageStore::mapped(const std::filesystem::path& file, std::uint64_t place, std::size_t count,
                              std::size_t bytes) {
  const auto fail = [&](const std::string& why) {
    throw Error(Failure::run, fmt::format("cannot map {}: {}", file.string(), why));
  };
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!opened) fail(std::strerror(errno));
  const std::size_t all = count * bytes;
  struct stat status {};
  if (fstat(opened.get(), &status) != 0) fail(std::strerror(errno));
  if (static_cast<std::uint64_t>(status.st_size) < place + all) fail("it is too short");
  void* memory = mmap(nullptr, all, PROT_READ, MAP_SHARED, opened.get(), static_cast<off_t>(place));
  if (memory == MAP_FAILED) fail(std::strerror(errno));
  ImageStore store;
  store.count_ = count;
  store.bytes_ = bytes;
  store.pixels_ = owned(memory, all);
  return store;
}

}  // namespace rxrun
