// Image: eight-bit pixels, row by row, channels interleaved (height × width × channels).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rxrun {

struct Image {
  int height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels;

  std::size_t row_bytes() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels); }
  bool operator==(const Image&) const = default;
};

}  // namespace rxrun
