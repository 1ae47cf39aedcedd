// Image: eight-bit pixels, row by row, channels interleaved (height × width × channels).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace rxrun {

// The lowest and the highest of some values, in an image's own units.
struct Levels {
  std::int32_t lowest = 0, highest = 0;
  bool operator==(const Levels&) const = default;
};

struct Image {
  int height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels;
  std::optional<Levels> wide{};  // of an image decoded from 16 bits: its values before they became bytes

  std::size_t row_bytes() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels); }
  bool operator==(const Image&) const = default;
};

}  // namespace rxrun
