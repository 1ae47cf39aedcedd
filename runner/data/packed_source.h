// PackedSource: many images of one size in one array, as MedMNIST, IDX and CIFAR files hold them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/source.h"

namespace rxrun {

// A part of the source's own: `labels.size()` images, row by row, channels interleaved, image after image.
struct Pack {
  std::string part;
  int height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<std::int64_t> labels;
};

class PackedSource final : public Source {
 public:
  // Names the samples "train[17]". `classes` may be empty: then the labels' numbers are the names. Throws Error, with
  // `path`, for labels out of range and for packs of different sizes.
  PackedSource(std::vector<Pack> packs, std::vector<std::string> classes, const std::filesystem::path& path);

  Image decode(std::size_t index, std::string* digest) const override;
  bool holds_pixels() const override { return true; }

 private:
  std::vector<Pack> packs_;
  std::vector<std::size_t> first_;  // sample of each pack
};

// That so many images of so many bytes take, with their names and labels.
std::uint64_t memory_for(std::uint64_t images, std::uint64_t bytes_each);

// Throws Error when `bytes` are more than data.memory allows.
void check_fits(std::uint64_t bytes, const DataSpec& spec, const std::filesystem::path& path);

// Throws Error for what unpacks to so many times its size that no images were packed: it takes seconds and memory, and
// is refused before. `what` in the file: "it", "train_images.npy".
void check_ratio(std::uint64_t packed, std::uint64_t unpacked, const std::filesystem::path& path,
                 const std::string& what);

}  // namespace rxrun
