// PNG images, with their checksums made right, so that damage reaches the decoders: where both of them read one, they
// read the same.
#include <zlib.h>

#include <optional>

#include "image.h"

using namespace rxrun;
using namespace rxrun::fuzz;

namespace {

std::uint64_t word(const std::string& png, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(png[at + i]);
  return value;
}

void make_checksums_right(std::string& png) {
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::uint64_t length = word(png, at);
    if (length > png.size() - at - 12) break;
    const auto* body = reinterpret_cast<const Bytef*>(png.data() + at + 4);
    const auto sum = static_cast<std::uint32_t>(crc32(0, body, static_cast<uInt>(length + 4)));
    for (std::size_t i = 0; i < 4; ++i) png[at + 8 + length + i] = static_cast<char>(sum >> (24 - 8 * i));
    at += 12 + length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string png = text_of(data, size);
  make_checksums_right(png);
  const bool has_size = png.size() >= 24;
  if (has_size && word(png, 16) <= max_image_side && word(png, 20) <= max_image_side &&
      word(png, 16) * word(png, 20) > kMostPixels)
    return 0;
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(png.data()), png.size());
  std::optional<Image> plain, whole;
  answered([&] { plain = decode_plain_png(bytes); });
  answered([&] { whole = decode_png(bytes); });
  if (whole) require_whole(*whole);
  if (plain) require_whole(*plain);
  if (plain && whole) require(plain->pixels == whole->pixels);
  answered([&] { require_whole(decode_png(bytes, GreyWindow{})); });
  return 0;
}
