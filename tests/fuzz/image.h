// What the targets for image formats share.
#pragma once

#include "data/decode.h"
#include "fuzz.h"

namespace rxrun::fuzz {

// Beyond this a decoder only does the same for longer.
inline constexpr std::uint64_t kMostPixels = 1 << 18;

// `channels` as decode_image's.
inline void require_whole(const Image& image, int channels = 0) {
  require(image.height >= 1 && image.width >= 1);
  require(image.channels == 1 || image.channels == 3 || image.channels == channels);
  require(image.pixels.size() == static_cast<std::size_t>(image.height) * image.row_bytes());
}

}  // namespace rxrun::fuzz
