#include <png.h>

#include <algorithm>
#include <bit>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>

#include "data/decode.h"
#include "data/sixteen_bits.h"

namespace rxrun {
namespace {

// All that has a destructor, or is read after a longjmp, lives here and outside the frame that calls setjmp.
struct PngReading {
  std::span<const std::uint8_t> bytes;
  std::size_t at = 0;
  png_structp png = nullptr;
  png_infop info = nullptr;
  Image image;
  std::vector<std::uint16_t> wide;  // of an image of 16 bits, instead of the image's pixels
  int orientation = 1;
  char cause[200] = "";
  std::jmp_buf failed;

  ~PngReading() { png_destroy_read_struct(&png, &info, nullptr); }
};

extern "C" {
static void rxrun_png_error(png_structp png, png_const_charp message) {
  auto* reading = static_cast<PngReading*>(png_get_error_ptr(png));
  std::snprintf(reading->cause, sizeof reading->cause, "%s", message);
  std::longjmp(reading->failed, 1);
}

static void rxrun_png_warning(png_structp, png_const_charp) {}

static void rxrun_png_read(png_structp png, png_bytep to, png_size_t size) {
  auto* reading = static_cast<PngReading*>(png_get_io_ptr(png));
  if (size > reading->bytes.size() - reading->at) png_error(png, "the file ends early");
  std::memcpy(to, reading->bytes.data() + reading->at, size);
  reading->at += size;
}
}

std::int64_t big_endian_32(const std::uint8_t* at) {
  return std::int64_t{at[0]} << 24 | std::int64_t{at[1]} << 16 | std::int64_t{at[2]} << 8 | std::int64_t{at[3]};
}

// libpng takes the memory that a chunk asks for before it sees that the file is shorter (an eXIf's, of up to 2 GiB,
// even past png_set_chunk_malloc_max, in 1.6.39).
void check_chunks(std::span<const std::uint8_t> bytes) {
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const auto length = static_cast<std::size_t>(big_endian_32(bytes.data() + at));
    if (length > bytes.size() - at - 12) bad_image("damaged PNG: the file ends early");
    if (std::memcmp(bytes.data() + at + 4, "IEND", 4) == 0) return;
    at += 12 + length;
  }
}

// How many frames of an animation the file declares beyond the picture that it shows where nothing moves, which may be
// the first of them.
int frames_left_out(std::span<const std::uint8_t> bytes) {
  bool animated = false, shown_moves = false;
  std::int64_t frames = 0;
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const auto length = static_cast<std::size_t>(big_endian_32(bytes.data() + at));
    const std::uint8_t* type = bytes.data() + at + 4;
    if (std::memcmp(type, "IDAT", 4) == 0 || length > bytes.size() - at - 12) break;
    if (std::memcmp(type, "acTL", 4) == 0 && length == 8) {
      animated = true;
      frames = big_endian_32(type + 4);
    }
    if (std::memcmp(type, "fcTL", 4) == 0) shown_moves = true;
    at += 12 + length;
  }
  return animated ? static_cast<int>(std::clamp<std::int64_t>(frames - (shown_moves ? 1 : 0), 0, 1'000'000)) : 0;
}

// Nothing in this frame has a destructor: errors leave it by longjmp.
bool read_png(PngReading& reading) {
  if (setjmp(reading.failed) != 0) return false;
  png_structp png = reading.png;
  png_infop info = reading.info;
  png_set_read_fn(png, &reading, rxrun_png_read);
  png_set_user_limits(png, max_image_side, max_image_side);
  png_set_chunk_malloc_max(png, reading.bytes.size());  // taken before it is seen whether there is so much
  png_read_info(png, info);
  png_set_expand(png);
  if constexpr (std::endian::native == std::endian::little) png_set_swap(png);  // of 16 bits
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  reading.image.height = static_cast<int>(png_get_image_height(png, info));
  reading.image.width = static_cast<int>(png_get_image_width(png, info));
  reading.image.channels = png_get_channels(png, info);
  const bool is_wide = png_get_bit_depth(png, info) == 16;
  const std::size_t samples = reading.image.row_bytes(), row = is_wide ? 2 * samples : samples;
  if (png_get_rowbytes(png, info) != row) png_error(png, "unexpected row size");
  try {
    const std::size_t count = static_cast<std::size_t>(reading.image.height) * samples;
    if (is_wide)
      reading.wide.resize(count);
    else
      reading.image.pixels.resize(count);
  } catch (...) {
    std::snprintf(reading.cause, sizeof reading.cause, "not enough memory for the pixels");
    return false;
  }
  png_bytep first = is_wide ? reinterpret_cast<png_bytep>(reading.wide.data()) : reading.image.pixels.data();
  for (int pass = 0; pass < passes; ++pass)
    for (int y = 0; y < reading.image.height; ++y)
      png_read_row(png, first + static_cast<std::size_t>(y) * row, nullptr);
  png_read_end(png, info);
#ifdef PNG_eXIf_SUPPORTED
  png_uint_32 size = 0;
  png_bytep exif = nullptr;
  if (png_get_eXIf_1(png, info, &size, &exif) != 0) reading.orientation = exif_orientation({exif, size});
#endif
  return true;
}

}  // namespace

Image decode_png(std::span<const std::uint8_t> bytes, const std::optional<GreyWindow>& window, int channels) {
  if (bytes.size() < 33) bad_image("damaged PNG: the file ends early");
  check_image_size(big_endian_32(bytes.data() + 16), big_endian_32(bytes.data() + 20));
  const int further = frames_left_out(bytes);
  if (std::optional<Image> image = decode_plain_png(bytes)) {
    image->origin.further_pictures = further;
    return std::move(*image);
  }
  check_chunks(bytes);
  PngReading reading;
  reading.bytes = bytes;
  reading.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, rxrun_png_error, rxrun_png_warning);
  if (reading.png != nullptr) reading.info = png_create_info_struct(reading.png);
  if (reading.info == nullptr) bad_image("libpng cannot be initialised");
  if (!read_png(reading)) bad_image("damaged PNG: " + std::string(reading.cause));
  Image image = std::move(reading.image);
  const bool alpha = image.channels == 2 || image.channels == 4;
  if (!reading.wide.empty())
    image = to_bytes({.height = image.height,
                      .width = image.width,
                      .channels = image.channels,
                      .values = reading.wide,
                      .alpha = alpha},
                     window.value_or(whole_window(false)));
  if (alpha && channels != image.channels) image = on_white(image);
  image.origin.further_pictures = further;
  return upright(std::move(image), reading.orientation);
}

}  // namespace rxrun
