#include "data/decode.h"

#include <algorithm>
#include <string_view>

#include "diagnostics/diagnostic.h"

namespace rxrun {
namespace {

bool starts_with(std::span<const std::uint8_t> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

// Where pixel (y, x) of the upright image lies in the stored one.
struct Turn {
  bool transpose, flip_rows, flip_columns;
};

Turn turn_of(int orientation) {
  switch (orientation) {
    case 2:
      return {false, false, true};
    case 3:
      return {false, true, true};
    case 4:
      return {false, true, false};
    case 5:
      return {true, false, false};
    case 6:
      return {true, true, false};
    case 7:
      return {true, true, true};
    case 8:
      return {true, false, true};
    default:
      return {false, false, false};
  }
}

}  // namespace

void bad_image(const std::string& reason) { throw Error(Failure::usage, reason); }

void refuse_bands(const std::string& format, int bands, const std::string& meaning) {
  bad_image("unsupported " + format + ": " + std::to_string(bands) + " bands, " + meaning +
            "; data.channels=" + std::to_string(bands) + " takes each of them as a channel");
}

void check_image_size(std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1)
    bad_image("the image has no pixels: " + std::to_string(width) + "×" + std::to_string(height));
  if (width > max_image_side || height > max_image_side || width * height > max_image_pixels)
    bad_image("too large (" + std::to_string(width) + "×" + std::to_string(height) +
              "): at most 20,000 a side and 64 million pixels");
}

Image upright(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const Turn turn = turn_of(orientation);
  Image out{turn.transpose ? image.width : image.height,
            turn.transpose ? image.height : image.width,
            image.channels,
            {},
            image.origin};
  out.pixels.resize(image.pixels.size());
  const std::size_t channels = static_cast<std::size_t>(image.channels);
  std::uint8_t* to = out.pixels.data();
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      int row = turn.transpose ? x : y, column = turn.transpose ? y : x;
      if (turn.flip_rows) row = image.height - 1 - row;
      if (turn.flip_columns) column = image.width - 1 - column;
      const std::uint8_t* from = image.pixels.data() + static_cast<std::size_t>(row) * image.row_bytes() +
                                 static_cast<std::size_t>(column) * channels;
      to = std::copy(from, from + channels, to);
    }
  }
  return out;
}

int exif_orientation(std::span<const std::uint8_t> exif) {
  const bool little = starts_with(exif, "II");
  if (!little && !starts_with(exif, "MM")) return 1;
  const auto u16 = [&](std::size_t at) -> std::uint32_t {
    if (at + 2 > exif.size()) return 0;
    return little ? exif[at] | exif[at + 1] << 8 : exif[at] << 8 | exif[at + 1];
  };
  const auto u32 = [&](std::size_t at) -> std::uint32_t {
    return little ? u16(at) | u16(at + 2) << 16 : u16(at) << 16 | u16(at + 2);
  };
  const std::size_t directory = u32(4);
  const std::uint32_t entries = u16(directory);
  constexpr std::uint32_t orientation_tag = 0x0112, short_type = 3;
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + 12 * static_cast<std::size_t>(i);
    if (at + 12 > exif.size()) break;
    if (u16(at) == orientation_tag && u16(at + 2) == short_type) {
      const std::uint32_t value = u16(at + 8);
      return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
  }
  return 1;
}

Image on_white(const Image& image) {
  const int colours = image.channels - 1;
  Image out{image.height, image.width, colours, {}, image.origin};
  out.pixels.resize(static_cast<std::size_t>(image.height) * out.row_bytes());
  const std::uint8_t* from = image.pixels.data();
  std::uint8_t* to = out.pixels.data();
  const std::size_t count = static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width);
  for (std::size_t i = 0; i < count; ++i, from += image.channels) {
    const int alpha = from[colours];
    for (int c = 0; c < colours; ++c)
      *to++ = static_cast<std::uint8_t>((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
  return out;
}

Image decode_image(std::span<const std::uint8_t> bytes, const std::optional<GreyWindow>& window, int channels) {
  if (bytes.empty()) bad_image("the file is empty");
  if (starts_with(bytes, "\x89PNG\r\n\x1a\n")) return decode_png(bytes, window, channels);
  if (starts_with(bytes, "\xff\xd8")) return decode_jpeg(bytes, channels);
  if (starts_with(bytes, std::string_view("II*\0", 4)) || starts_with(bytes, std::string_view("MM\0*", 4)) ||
      starts_with(bytes, std::string_view("II+\0", 4)) || starts_with(bytes, std::string_view("MM\0+", 4)))
    return decode_tiff(bytes, window, channels);
  if (starts_with(bytes, "BM")) return decode_bmp(bytes);
  if (starts_with(bytes, "RIFF") && bytes.size() >= 12 && starts_with(bytes.subspan(8), "WEBP"))
    return decode_webp(bytes, channels);
  const std::string foreign = unread_format(bytes);
  if (!foreign.empty()) bad_image(foreign + ": only PNG, JPEG, TIFF, BMP and WebP images are read");
  bad_image("not an image: its first bytes are not those of a PNG, JPEG, TIFF, BMP or WebP");
}

}  // namespace rxrun
