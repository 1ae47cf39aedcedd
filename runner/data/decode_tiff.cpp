#include <tiffio.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "data/decode.h"

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
    bad_image("unsupported TIFF: " + std::to_string(samples) + " samples of " + std::to_string(bits) + " bits per pixel");
  if (TIFFIsTiled(tiff) != 0) {
    std::uint32_t tile_width = 0, tile_height = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
    check_image_size(tile_width, tile_height);
  }
}

bool is_grey(TIFF* tiff) {
  std::uint16_t photometric = PHOTOMETRIC_MINISBLACK;
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  return photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
}

}  // namespace

Image decode_tiff(std::span<const std::uint8_t> bytes) {
  TiffReading reading{bytes, 0, {}};
  const Tiff tiff = open_tiff(reading);
  if (tiff == nullptr) damaged(reading, "it contains no image");
  check_header(tiff.get(), reading);
  std::uint16_t orientation = ORIENTATION_TOPLEFT;
  TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_ORIENTATION, &orientation);
  // libtiff would mirror but not turn; so it reads the rows as stored, and they are set upright below.
  TIFFSetField(tiff.get(), TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
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
