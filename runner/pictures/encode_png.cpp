#include "pictures/encode_png.h"

#include <png.h>

#include "diagnostics/diagnostic.h"

namespace rxrun {

std::string encode_png(const Image& image) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string bytes(size, '\0');
  const int written =
      png_image_write_to_memory(&header, bytes.data(), &size, /*convert_to_8_bit=*/0, image.pixels.data(),
                                static_cast<png_int_32>(image.row_bytes()), nullptr);
  if (written == 0) throw Error(Failure::run, "the picture cannot be written as a PNG: " + std::string(header.message));
  bytes.resize(size);
  return bytes;
}

}  // namespace rxrun
