#include <tiffio.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "data/decode.h"
#include "data/tiff_bands.h"

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

bool is_log(TIFF* tiff) {
  const std::uint16_t photometric = tiff_photometric(tiff);
  return photometric == PHOTOMETRIC_LOGL || photometric == PHOTOMETRIC_LOGLUV;
}

std::uint32_t size_of(TIFF* tiff, std::uint32_t tag) {
  std::uint32_t value = 0;
  TIFFGetField(tiff, tag, &value);
  return value;
}

// Neither a thumbnail nor a mask, of which the next picture or the one before has more.
bool is_page(TIFF* tiff) {
  return (size_of(tiff, TIFFTAG_SUBFILETYPE) & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0 &&
         tiff_photometric(tiff) != PHOTOMETRIC_MASK;
}

// The first page, or the first picture of a file that has none.
void go_to_first_page(TIFF* tiff, TiffReading& reading) {
  while (!is_page(tiff))
    if (TIFFLastDirectory(tiff) != 0 || TIFFReadDirectory(tiff) == 0) {
      TIFFSetDirectory(tiff, 0);
      break;
    }
  reading.cause.clear();  // of pictures that are not read
}

// ImageJ's description of a stack, whose planes beyond 4 GiB have no directory of their own: "images=20".
int images_of_stack(TIFF* tiff) {
  const char* description = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &description) == 0) return 1;
  const std::string_view text(description);
  const std::string_view key = "\nimages=";
  const std::size_t at = text.find(key);
  int images = 1;
  if (text.starts_with("ImageJ=") && at != text.npos)
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), images);
  return images;
}

// How many pages follow; moves on to the last. One that cannot be read is one.
int further_pages(TIFF* tiff) {
  const int images = images_of_stack(tiff);
  int pages = 0;
  while (TIFFLastDirectory(tiff) == 0) {
    const bool read = TIFFReadDirectory(tiff) != 0;
    if (!read || is_page(tiff)) ++pages;
    if (!read) break;
  }
  return std::max(pages, images - 1);
}

// What the header declares is refused here, before libtiff takes memory for it.
void check_header(TIFF* tiff, const TiffReading& reading) {
  const std::uint32_t width = size_of(tiff, TIFFTAG_IMAGEWIDTH), height = size_of(tiff, TIFFTAG_IMAGELENGTH);
  if (width == 0 && height == 0) damaged(reading, "it declares no size");
  check_image_size(width, height);
  const std::uint16_t bands = tiff_number(tiff, TIFFTAG_SAMPLESPERPIXEL, 1),
                      bits = tiff_number(tiff, TIFFTAG_BITSPERSAMPLE, 1),
                      format = tiff_number(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  const std::string of = " values of " + std::to_string(bits) + " bits";
  if (format == SAMPLEFORMAT_COMPLEXINT || format == SAMPLEFORMAT_COMPLEXIEEEFP)
    bad_image("unsupported TIFF: complex" + of);
  if (format == SAMPLEFORMAT_IEEEFP) bad_image("unsupported TIFF: floating-point" + of);
  if (bits > 16) bad_image("unsupported TIFF:" + of + ", at most 16 are read");
  if (std::uint32_t depth = 1; TIFFGetField(tiff, TIFFTAG_IMAGEDEPTH, &depth) != 0 && depth > 1)
    bad_image("unsupported TIFF: a volume of " + std::to_string(depth) + " planes");
  const auto check_bytes = [&](std::int64_t pixels) {
    if (pixels * bands * (bits > 8 ? 2 : 1) > max_image_bytes)
      bad_image("too large (" + std::to_string(width) + "×" + std::to_string(height) + " pixels of " +
                std::to_string(bands) + " bands): at most 640 MB");
  };
  check_bytes(std::int64_t{width} * height);
  if (TIFFIsTiled(tiff) == 0) return;
  const std::uint32_t tile_width = size_of(tiff, TIFFTAG_TILEWIDTH), tile_height = size_of(tiff, TIFFTAG_TILELENGTH);
  check_image_size(tile_width, tile_height);
  check_bytes(std::int64_t{tile_width} * tile_height);
}

// What libtiff converts: palettes, YCbCr, CMYK, Lab, LogLuv, and grey of fewer than 8 bits.
Image converted(TIFF* tiff, const TiffReading& reading) {
  const int bands = tiff_number(tiff, TIFFTAG_SAMPLESPERPIXEL, 1), extra = tiff_extra_bands(tiff);
  if (extra > 0) refuse_bands("TIFF", bands, std::to_string(extra) + " of them beside those of its colours");
  const std::uint16_t format = tiff_number(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  if (format == SAMPLEFORMAT_INT && !is_log(tiff))
    bad_image("unsupported TIFF: signed values that are not grey or RGB");
  char refusal[1024] = "";
  if (TIFFRGBAImageOK(tiff, refusal) == 0) bad_image("unsupported TIFF: " + std::string(refusal));
  // libtiff rounds the size of the buffer that it takes up to 1024 bytes, and then refuses uncompressed tiles that are
  // not as large.
  std::vector<std::uint8_t> tile;
  if (TIFFIsTiled(tiff) != 0 && tiff_number(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE) == COMPRESSION_NONE) {
    tile.resize(TIFFTileSize64(tiff));
    TIFFReadBufferSetup(tiff, tile.data(), static_cast<tmsize_t>(tile.size()));
  }

  const std::uint32_t width = size_of(tiff, TIFFTAG_IMAGEWIDTH), height = size_of(tiff, TIFFTAG_IMAGELENGTH);
  const std::size_t count = static_cast<std::size_t>(width) * height;
  std::vector<std::uint32_t> raster(count);
  constexpr int stop_on_error = 1;
  const bool read =
      TIFFReadRGBAImageOriented(tiff, width, height, raster.data(), ORIENTATION_TOPLEFT, stop_on_error) != 0;
  if (!tile.empty()) TIFFReadBufferSetup(tiff, nullptr, 1024);  // before it goes
  if (!read || !reading.cause.empty()) damaged(reading, "the pixels cannot be read");

  const std::uint16_t photometric = tiff_photometric(tiff);
  const bool grey = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
  Image image{static_cast<int>(height), static_cast<int>(width), grey ? 1 : 3, {}};
  image.pixels.reserve(count * static_cast<std::size_t>(image.channels));
  for (const std::uint32_t pixel : raster) {
    image.pixels.push_back(static_cast<std::uint8_t>(TIFFGetR(pixel)));
    if (grey) continue;
    image.pixels.push_back(static_cast<std::uint8_t>(TIFFGetG(pixel)));
    image.pixels.push_back(static_cast<std::uint8_t>(TIFFGetB(pixel)));
  }
  return image;
}

}  // namespace

Image decode_tiff(std::span<const std::uint8_t> bytes, const std::optional<GreyWindow>& window, int channels) {
  TiffReading reading{bytes, 0, {}};
  const Tiff tiff = open_tiff(reading);
  if (tiff == nullptr) damaged(reading, "it contains no image");
  go_to_first_page(tiff.get(), reading);
  check_header(tiff.get(), reading);
  const int orientation = tiff_number(tiff.get(), TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  // libtiff would mirror but not turn; so it reads the rows as stored, and they are set upright below.
  TIFFSetField(tiff.get(), TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  Image image;
  if (tiff_has_plain_bands(tiff.get(), channels))
    image = tiff_from_bands(tiff.get(), reading.cause, window, channels);
  else if (window && tiff_number(tiff.get(), TIFFTAG_BITSPERSAMPLE, 1) == 16)
    bad_image("unsupported TIFF: of 16 bits, data.window is for grey and RGB");
  else
    image = converted(tiff.get(), reading);
  image = upright(std::move(image), orientation);
  image.origin.further_pictures = further_pages(tiff.get());
  return image;
}

}  // namespace rxrun
