#include "data/tiff_bands.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "data/decode.h"
#include "data/sixteen_bits.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

bool is_grey(std::uint16_t photometric) {
  return photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
}

// How many bands the colours take up; 0: they are no number of their own.
int colours_of(std::uint16_t photometric) {
  switch (photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_PALETTE:
    case PHOTOMETRIC_MASK:
    case PHOTOMETRIC_LOGL:
      return 1;
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_YCBCR:
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
    case PHOTOMETRIC_ITULAB:
    case PHOTOMETRIC_LOGLUV:
      return 3;
    case PHOTOMETRIC_SEPARATED:
      return 4;
    default:
      return 0;
  }
}

struct Layout {
  std::size_t height = 0, width = 0, bands = 0;
  bool planar = false;  // band after band, rather than pixel after pixel
};

Layout layout_of(TIFF* tiff) {
  std::uint32_t width = 0, height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  const std::uint16_t bands = tiff_number(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  return {height, width, bands,
          bands > 1 && tiff_number(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE};
}

// All bands, interleaved; libtiff has values in this machine's order of bytes.
template <typename Value>
class BandReading {
 public:
  BandReading(TIFF* tiff, const std::string& cause) : tiff_(tiff), cause_(cause), layout_(layout_of(tiff)) {}

  std::vector<Value> read() {
    values_.resize(layout_.height * layout_.width * layout_.bands);
    const std::size_t planes = layout_.planar ? layout_.bands : 1;
    for (std::size_t plane = 0; plane < planes; ++plane)
      if (TIFFIsTiled(tiff_) != 0)
        read_tiles(plane);
      else
        read_rows(plane);
    return std::move(values_);
  }

 private:
  void check(bool read) const {
    if (!read || !cause_.empty()) bad_image("damaged TIFF: " + (cause_.empty() ? "the pixels cannot be read" : cause_));
  }

  std::size_t together() const { return layout_.planar ? 1 : layout_.bands; }

  // `count` pixels of `plane` to where they belong in row y, from column x on.
  void put(const Value* from, std::size_t count, std::size_t plane, std::size_t y, std::size_t x) {
    Value* to = values_.data() + (y * layout_.width + x) * layout_.bands;
    if (!layout_.planar)
      std::copy_n(from, count * layout_.bands, to);
    else
      for (std::size_t i = 0; i < count; ++i) to[i * layout_.bands + plane] = from[i];
  }

  void read_rows(std::size_t plane) {
    std::vector<Value> row(layout_.width * together());
    check(TIFFScanlineSize64(tiff_) == sizeof(Value) * row.size());
    for (std::size_t y = 0; y < layout_.height; ++y) {
      check(TIFFReadScanline(tiff_, row.data(), static_cast<std::uint32_t>(y), static_cast<std::uint16_t>(plane)) == 1);
      put(row.data(), layout_.width, plane, y, 0);
    }
  }

  void read_tiles(std::size_t plane) {
    std::uint32_t width = 0, height = 0;
    TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(tiff_, TIFFTAG_TILELENGTH, &height);
    const std::size_t row = width * together();
    std::vector<Value> tile(row * height);
    check(TIFFTileSize64(tiff_) == sizeof(Value) * tile.size());
    for (std::size_t top = 0; top < layout_.height; top += height)
      for (std::size_t left = 0; left < layout_.width; left += width) {
        check(TIFFReadTile(tiff_, tile.data(), static_cast<std::uint32_t>(left), static_cast<std::uint32_t>(top), 0,
                           static_cast<std::uint16_t>(plane)) >= 0);
        const std::size_t count = std::min<std::size_t>(width, layout_.width - left);
        for (std::size_t y = 0; y < height && top + y < layout_.height; ++y)
          put(tile.data() + y * row, count, plane, top + y, left);
      }
  }

  TIFF* tiff_;
  const std::string& cause_;
  const Layout layout_;
  std::vector<Value> values_;
};

// Which bands become the image.
struct Choice {
  std::vector<std::size_t> bands;                 // in this order
  std::uint16_t alpha = EXTRASAMPLE_UNSPECIFIED;  // what the last of them is, if it is opacity
  int ignored = 0;
};

// "5 bands, one of them grey, and 4 of no declared use".
[[noreturn]] void refuse(int bands, int colours, const std::vector<std::uint16_t>& extra) {
  const auto unspecified =
      static_cast<std::size_t>(std::count(extra.begin(), extra.end(), std::uint16_t{EXTRASAMPLE_UNSPECIFIED}));
  std::string meaning = colours == 1 ? "one of them grey" : "three of them RGB";
  if (extra.size() > unspecified) meaning += ", " + std::to_string(extra.size() - unspecified) + " of opacity";
  if (unspecified > 0) meaning += ", " + std::to_string(unspecified) + " of no declared use";
  refuse_bands("TIFF", bands, meaning);
}

// Of colours and what follows them by its declared use (ExtraSamples). A fourth band beside RGB that has none is
// padding as a rule; any other band without one may be what matters.
Choice choose_bands(TIFF* tiff, int channels) {
  const Layout layout = layout_of(tiff);
  const int bands = static_cast<int>(layout.bands);
  Choice choice;
  std::uint16_t declared = 0;
  const std::uint16_t* uses = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &declared, &uses);
  std::vector<std::uint16_t> extra(static_cast<std::size_t>(tiff_extra_bands(tiff)), EXTRASAMPLE_UNSPECIFIED);
  std::copy_n(uses, std::min<std::size_t>(declared, extra.size()), extra.begin());
  if (channels == bands) {
    for (std::size_t band = 0; band < layout.bands; ++band) choice.bands.push_back(band);
    return choice;
  }
  const std::size_t colours = layout.bands - extra.size();
  for (std::size_t band = 0; band < colours; ++band) choice.bands.push_back(band);
  for (std::size_t i = 0; i < extra.size(); ++i) {
    if (extra[i] == EXTRASAMPLE_UNSPECIFIED) {
      ++choice.ignored;
      continue;
    }
    if (choice.alpha != EXTRASAMPLE_UNSPECIFIED) refuse(bands, static_cast<int>(colours), extra);
    choice.alpha = extra[i];
    choice.bands.push_back(colours + i);
  }
  const bool padding = colours == 3 && extra.size() == 1;
  if (choice.ignored > 0 && !padding) refuse(bands, static_cast<int>(colours), extra);
  return choice;
}

template <typename Value>
std::vector<Value> chosen(std::vector<Value> values, std::size_t bands, const std::vector<std::size_t>& choice) {
  if (choice.size() == bands) return values;  // in their own order: what is opacity comes last
  std::vector<Value> out;
  out.reserve(values.size() / bands * choice.size());
  for (std::size_t at = 0; at < values.size(); at += bands)
    for (const std::size_t band : choice) out.push_back(values[at + band]);
  return out;
}

// Colours already multiplied by opacity: white shines through what is left.
Image premultiplied_on_white(const Image& image) {
  const int colours = image.channels - 1;
  Image out{image.height, image.width, colours, {}, image.origin};
  out.pixels.reserve(static_cast<std::size_t>(image.height) * out.row_bytes());
  for (auto from = image.pixels.begin(); from != image.pixels.end(); from += image.channels)
    for (int c = 0; c < colours; ++c)
      out.pixels.push_back(static_cast<std::uint8_t>(std::min(255, from[c] + 255 - from[colours])));
  return out;
}

void invert(Image& image, int colours) {
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    if (static_cast<int>(i % static_cast<std::size_t>(image.channels)) < colours)
      image.pixels[i] = static_cast<std::uint8_t>(255 - image.pixels[i]);
}

}  // namespace

std::uint16_t tiff_number(TIFF* tiff, std::uint32_t tag, std::uint16_t otherwise) {
  std::uint16_t value = otherwise;
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

std::uint16_t tiff_photometric(TIFF* tiff) {
  std::uint16_t photometric = 0;
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric) != 0) return photometric;
  std::uint16_t extra = 0;
  const std::uint16_t* uses = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra, &uses);
  return tiff_number(tiff, TIFFTAG_SAMPLESPERPIXEL, 1) == extra + 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
}

int tiff_extra_bands(TIFF* tiff) {
  const int colours = colours_of(tiff_photometric(tiff)), bands = tiff_number(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  if (bands < colours)
    bad_image("unsupported TIFF: " + counted(bands, "band") + " where its colours take " + std::to_string(colours));
  return colours == 0 ? 0 : bands - colours;
}

bool tiff_has_plain_bands(TIFF* tiff, int channels) {
  const std::uint16_t bits = tiff_number(tiff, TIFFTAG_BITSPERSAMPLE, 1),
                      format = tiff_number(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT),
                      photometric = tiff_photometric(tiff);
  const bool whole = format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_INT || format == SAMPLEFORMAT_VOID;
  const bool as_stored = channels == tiff_number(tiff, TIFFTAG_SAMPLESPERPIXEL, 1) && channels != 1 && channels != 3;
  return (bits == 8 || bits == 16) && whole && (is_grey(photometric) || photometric == PHOTOMETRIC_RGB || as_stored);
}

Image tiff_from_bands(TIFF* tiff, const std::string& cause, const std::optional<GreyWindow>& window, int channels) {
  Choice choice = choose_bands(tiff, channels);
  const Layout layout = layout_of(tiff);
  const bool is_wide = tiff_number(tiff, TIFFTAG_BITSPERSAMPLE, 1) == 16,
             is_signed = tiff_number(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT) == SAMPLEFORMAT_INT,
             white_is_0 = tiff_photometric(tiff) == PHOTOMETRIC_MINISWHITE;
  if (white_is_0 && choice.alpha == EXTRASAMPLE_ASSOCALPHA) {  // 0 times any opacity is white: it lies on white already
    choice.alpha = EXTRASAMPLE_UNSPECIFIED;
    choice.bands.pop_back();
  }
  const bool alpha = choice.alpha != EXTRASAMPLE_UNSPECIFIED, premultiplied = choice.alpha == EXTRASAMPLE_ASSOCALPHA;
  if (alpha && is_signed) bad_image("unsupported TIFF: transparency of signed values");
  if (premultiplied && is_wide && window)
    bad_image("unsupported TIFF: data.window is not for 16 bits that are multiplied by opacity");
  Image image{
      static_cast<int>(layout.height), static_cast<int>(layout.width), static_cast<int>(choice.bands.size()), {}};
  if (is_wide) {
    const std::vector<std::uint16_t> values =
        chosen(BandReading<std::uint16_t>(tiff, cause).read(), layout.bands, choice.bands);
    image = to_bytes({.height = image.height,
                      .width = image.width,
                      .channels = image.channels,
                      .values = values,
                      .is_signed = is_signed,
                      .alpha = alpha},
                     window.value_or(whole_window(is_signed)));
  } else {
    image.pixels = chosen(BandReading<std::uint8_t>(tiff, cause).read(), layout.bands, choice.bands);
    if (is_signed)  // -128 becomes 0, as of 16 bits the lowest does
      for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(pixel ^ 0x80);
  }
  image.origin.ignored_bands = choice.ignored;
  if (white_is_0) invert(image, image.channels - (alpha ? 1 : 0));
  if (premultiplied) return premultiplied_on_white(image);
  return alpha ? on_white(image) : image;
}

}  // namespace rxrun
