#include <tiffio.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "data/decode.h"
#include "data/sixteen_bits.h"

namespace rxrun {
namespace {

struct TiffReading {
  std::span<const std::uint8_t> bytes;
  std::uint64_t at = 0;
  std::string cause;  // the first error that libtiff tells
};

TiffReading& reading_of(thandle_t handle) { return *static_cast<TiffReading*>(handle); }

extern "C" {
static tmsize_t rxrun_tiff_read(thandle_t handle, void* to, tmsize_t size) {
  TiffReading& reading = reading_of(handle);
  if (size <= 0 || reading.at >= reading.bytes.size()) return 0;
  const std::uint64_t count =
      std::min<std::uint64_t>(static_cast<std::uint64_t>(size), reading.bytes.size() - reading.at);
  std::memcpy(to, reading.bytes.data() + reading.at, count);
  reading.at += count;
  return static_cast<tmsize_t>(count);
}

static tmsize_t rxrun_tiff_write(thandle_t, void*, tmsize_t) { return 0; }

static toff_t rxrun_tiff_seek(thandle_t handle, toff_t offset, int whence) {
  TiffReading& reading = reading_of(handle);
  const std::uint64_t base = whence == SEEK_CUR ? reading.at : whence == SEEK_END ? reading.bytes.size() : 0;
  return reading.at = base + offset;
}

static int rxrun_tiff_close(thandle_t) { return 0; }

static toff_t rxrun_tiff_size(thandle_t handle) { return reading_of(handle).bytes.size(); }

static int rxrun_tiff_error(TIFF*, void* data, const char*, const char* format, va_list arguments) {
  auto& reading = *static_cast<TiffReading*>(data);
  char text[300];
  std::vsnprintf(text, sizeof text, format, arguments);
  if (reading.cause.empty()) reading.cause = text;
  return 1;
}

static int rxrun_tiff_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }
}

struct Closer {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};
using Tiff = std::unique_ptr<TIFF, Closer>;

[[noreturn]] void damaged(const TiffReading& reading, const char* otherwise) {
  bad_image("damaged TIFF: " + (reading.cause.empty() ? otherwise : reading.cause));
}

Tiff open_tiff(TiffReading& reading) {
  std::unique_ptr<TIFFOpenOptions, Closer> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), rxrun_tiff_error, &reading);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), rxrun_tiff_warning, &reading);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), tmsize_t{1} << 30);
  // "m": through the callbacks, not by mapping a file.
  return Tiff(TIFFClientOpenExt("image", "rm", &reading, rxrun_tiff_read, rxrun_tiff_write, rxrun_tiff_seek,
                                rxrun_tiff_close, rxrun_tiff_size, nullptr, nullptr, options.get()));
}

// What the header declares is refused here, before libtiff takes memory for it.
void check_header(TIFF* tiff, const TiffReading& reading) {
  std::uint32_t width = 0, height = 0;
  if (TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width) == 0 || TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height) == 0)
    damaged(reading, "it declares no size");
  check_image_size(width, height);
  std::uint16_t samples = 1, bits = 1;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  if (samples > 8 || bits > 16)
    bad_image("unsupported TIFF: " + std::to_string(samples) + " samples of " + std::to_string(bits) +
              " bits per pixel");
  if (TIFFIsTiled(tiff) != 0) {
    std::uint32_t tile_width = 0, tile_height = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
    check_image_size(tile_width, tile_height);
  }
}

std::uint16_t number(TIFF* tiff, std::uint32_t tag, std::uint16_t otherwise) {
  std::uint16_t value = otherwise;
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

std::uint16_t photometric_of(TIFF* tiff) { return number(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK); }

bool is_grey(TIFF* tiff) {
  const std::uint16_t photometric = photometric_of(tiff);
  return photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
}

bool is_wide(TIFF* tiff) { return number(tiff, TIFFTAG_BITSPERSAMPLE, 1) == 16; }

// Those of 16 bits whose values are read as they are: grey or RGB, opaque, pixel by pixel. libtiff's conversion to
// bytes knows no window, and takes signed values for unsigned ones.
bool is_plain_wide(TIFF* tiff) {
  const std::uint16_t format = number(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT),
                      samples = number(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  return is_wide(tiff) && (format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_INT) &&
         (is_grey(tiff) ? samples == 1 : photometric_of(tiff) == PHOTOMETRIC_RGB && samples == 3) &&
         (samples == 1 || number(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_CONTIG);
}

// libtiff has them in this machine's order of bytes.
std::vector<std::uint16_t> wide_values(TIFF* tiff, const TiffReading& reading, std::size_t height, std::size_t row) {
  std::vector<std::uint16_t> values(height * row);
  const auto check = [&](bool read) {
    if (!read || !reading.cause.empty()) damaged(reading, "the pixels cannot be read");
  };
  if (TIFFIsTiled(tiff) == 0) {
    check(TIFFScanlineSize64(tiff) == 2 * row);
    for (std::size_t y = 0; y < height; ++y)
      check(TIFFReadScanline(tiff, values.data() + y * row, static_cast<std::uint32_t>(y)) == 1);
    return values;
  }
  std::uint32_t tile_width = 0, tile_height = 0, width = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  const std::size_t tile_row = row / width * tile_width;
  std::vector<std::uint16_t> tile(tile_row * tile_height);
  check(TIFFTileSize64(tiff) == 2 * tile.size());
  for (std::uint32_t top = 0; top < height; top += tile_height)
    for (std::uint32_t left = 0; left < width; left += tile_width) {
      check(TIFFReadTile(tiff, tile.data(), left, top, 0, 0) >= 0);
      const std::size_t at = row / width * left, count = std::min(tile_row, row - at);
      for (std::size_t y = 0; y < tile_height && top + y < height; ++y)
        std::copy_n(tile.data() + y * tile_row, count, values.data() + (top + y) * row + at);
    }
  return values;
}

Image wide_image(TIFF* tiff, const TiffReading& reading, const std::optional<GreyWindow>& window) {
  std::uint32_t width = 0, height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  const int channels = is_grey(tiff) ? 1 : 3;
  const bool is_signed = number(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT) == SAMPLEFORMAT_INT;
  const std::vector<std::uint16_t> values =
      wide_values(tiff, reading, height, std::size_t{width} * static_cast<std::size_t>(channels));
  Image image = to_bytes({.height = static_cast<int>(height),
                          .width = static_cast<int>(width),
                          .channels = channels,
                          .values = values,
                          .is_signed = is_signed},
                         window.value_or(whole_window(is_signed)));
  if (photometric_of(tiff) == PHOTOMETRIC_MINISWHITE)
    for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  return image;
}

}  // namespace

Image decode_tiff(std::span<const std::uint8_t> bytes, const std::optional<GreyWindow>& window) {
  TiffReading reading{bytes, 0, {}};
  const Tiff tiff = open_tiff(reading);
  if (tiff == nullptr) damaged(reading, "it contains no image");
  check_header(tiff.get(), reading);
  std::uint16_t orientation = ORIENTATION_TOPLEFT;
  TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_ORIENTATION, &orientation);
  // libtiff would mirror but not turn; so it reads the rows as stored, and they are set upright below.
  TIFFSetField(tiff.get(), TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  if (is_plain_wide(tiff.get())) return upright(wide_image(tiff.get(), reading, window), orientation);
  if (window && is_wide(tiff.get()))
    bad_image("unsupported TIFF: of 16 bits, data.window is for grey and RGB without transparency, pixel by pixel");
  char refusal[1024] = "";
  if (TIFFRGBAImageOK(tiff.get(), refusal) == 0) bad_image("unsupported TIFF: " + std::string(refusal));

  std::uint32_t width = 0, height = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  const std::size_t count = static_cast<std::size_t>(width) * height;
  std::vector<std::uint32_t> raster(count);
  constexpr int stop_on_error = 1;
  if (TIFFReadRGBAImageOriented(tiff.get(), width, height, raster.data(), ORIENTATION_TOPLEFT, stop_on_error) == 0 ||
      !reading.cause.empty())
    damaged(reading, "the pixels cannot be read");

  Image image{static_cast<int>(height), static_cast<int>(width), is_grey(tiff.get()) ? 1 : 3, {}};
  image.pixels.resize(count * static_cast<std::size_t>(image.channels));
  std::uint8_t* to = image.pixels.data();
  for (const std::uint32_t pixel : raster) {
    // libtiff hands colours already multiplied by alpha: white shines through what is left.
    const std::uint32_t white = 255 - TIFFGetA(pixel);
    *to++ = static_cast<std::uint8_t>(std::min<std::uint32_t>(255, TIFFGetR(pixel) + white));
    if (image.channels == 1) continue;
    *to++ = static_cast<std::uint8_t>(std::min<std::uint32_t>(255, TIFFGetG(pixel) + white));
    *to++ = static_cast<std::uint8_t>(std::min<std::uint32_t>(255, TIFFGetB(pixel) + white));
  }
  return upright(std::move(image), orientation);
}

}  // namespace rxrun
