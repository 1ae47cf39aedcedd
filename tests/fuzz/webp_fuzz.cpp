// WebP images, still and animated.
#include <webp/decode.h>

#include "image.h"

using namespace rxrun;
using namespace rxrun::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  int width = 0, height = 0;
  if (WebPGetInfo(data, size, &width, &height) != 0 &&
      static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) > kMostPixels)
    return 0;
  const std::span<const std::uint8_t> bytes(data, size);
  answered([&] { require_whole(decode_webp(bytes)); });
  answered([&] { require_whole(decode_webp(bytes, 4), 4); });
  return 0;
}
