// ImageStore: decoded images of one size, by sample index, one after another: in this process's memory, or a file that
// is mapped and that several processes share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace rxrun {

class ImageStore {
 public:
  ImageStore() = default;  // holds no images
  // Room for `count` images of `bytes` each, black. Throws std::bad_alloc.
  ImageStore(std::size_t count, std::size_t bytes);
  // The images that lie in `file` from `place` on, which must be a multiple of the page size; the store cannot be
  // written to. The file may be renamed or deleted meanwhile; if it is cut short, looking at what is gone is a SIGBUS.
  // Throws Error when it cannot be mapped or is too short.
  static ImageStore mapped(const std::filesystem::path& file, std::uint64_t place, std::size_t count,
                           std::size_t bytes);

  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  std::span<const std::uint8_t> operator[](std::size_t index) const { return {pixels_.get() + index * bytes_, bytes_}; }
  // Only of a store in memory; several threads may fill images of their own.
  std::span<std::uint8_t> image(std::size_t index) { return {pixels_.get() + index * bytes_, bytes_}; }

 private:
  std::size_t count_ = 0, bytes_ = 0;
  std::shared_ptr<std::uint8_t> pixels_;
};

}  // namespace rxrun
