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

// What a file held beside the pixels that were made of it.
struct ImageOrigin {
  std::optional<Levels> wide{};       // of 16 bits: the values before they became bytes
  std::int32_t further_pictures = 0;  // pages or frames that follow this one
  std::int32_t ignored_bands = 0;     // beside grey or colour, of no declared use
  bool stray_bytes = false;           // behind the data of the pixels, belonging to none
  bool lost_colour = false;           // it was in colour, and is grey now
  bool operator==(const ImageOrigin&) const = default;
};

struct Image {
  int height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels;
  ImageOrigin origin{};

  std::size_t row_bytes() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels); }
  bool operator==(const Image&) const = default;
};

}  // namespace rxrun
