// JPEG images, and the Exif block in them.
#include "data/jpeg_scan.h"
#include "image.h"

using namespace rxrun;
using namespace rxrun::fuzz;

namespace {

// By any start of a frame that is in it.
bool is_large(std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i + 9 < bytes.size(); ++i) {
    if (bytes[i] != 0xff || bytes[i + 1] < 0xc0 || bytes[i + 1] > 0xcf) continue;
    const std::uint64_t height = bytes[i + 5] << 8 | bytes[i + 6], width = bytes[i + 7] << 8 | bytes[i + 8];
    if (height * width > kMostPixels) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  const int orientation = exif_orientation(bytes);
  require(orientation >= 1 && orientation <= 8);
  if (is_large(bytes)) return 0;
  answered([&] { require_whole(decode_jpeg(bytes)); });
  jpeg_scan_is_whole(bytes);
  return 0;
}
