// A file descriptor that closes itself, and a bounded walk over a file's bytes.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <utility>

namespace rxrun {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    const int error = errno;  // of the call that opened `other`
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    errno = error;
    return *this;
  }

  explicit operator bool() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  int close() { return descriptor_ >= 0 ? ::close(std::exchange(descriptor_, -1)) : 0; }

 private:
  int descriptor_ = -1;
};

// Calls `take` with the file's bytes, block by block. Errors as read_file.
void for_each_block(const std::filesystem::path& path, std::uint64_t limit,
                    const std::function<void(std::string_view)>& take);

}  // namespace rxrun
