// TIFF images.
#include "image.h"

using namespace rxrun;
using namespace rxrun::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  answered([&] { require_whole(decode_tiff(bytes)); });
  answered([&] { require_whole(decode_tiff(bytes, GreyWindow{})); });
  answered([&] { require_whole(decode_tiff(bytes, {}, 5), 5); });
  return 0;
}
