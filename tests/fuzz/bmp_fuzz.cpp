// BMP images.
#include "image.h"

using namespace rxrun;
using namespace rxrun::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  answered([&] { require_whole(decode_bmp({data, size})); });
  return 0;
}
