// Small image files, made in the test: as bytes, or below a folder that is gone afterwards.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/image.h"
#include "data/source.h"

namespace rxrun::test {

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  // Makes the folders on the way too.
  std::filesystem::path write(const std::filesystem::path& relative, const std::string& bytes) const;

 private:
  std::filesystem::path path_;
};

// A picture in which no two rows, columns or channels are alike; `variant` makes it another one.
Image picture(int height, int width, int channels, int variant = 0);

struct PngForm {
  int colour_type = 2;  // libpng's: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  int depth = 8;
  bool interlaced = false;
  std::string exif;                   // an eXIf chunk
  std::vector<std::uint8_t> palette;  // RGB triples
  int filters = 0;  // that rows may be written with, as libpng names them (PNG_FILTER_PAETH); 0: as it likes
};
// `rows`: packed as PNG wants them (16 bits big-endian).
std::string png_bytes(int height, int width, const std::vector<std::uint8_t>& rows, const PngForm& form);
std::string png_bytes(const Image& image);
// As an animated PNG: `image` is shown first, then a black frame.
std::string animated_png_bytes(const Image& image);
std::string png_header_only(std::uint32_t width, std::uint32_t height);

// `colour_space`: libjpeg's JCS_GRAYSCALE, JCS_RGB or JCS_CMYK, by the channels; progressive if asked for.
std::string jpeg_bytes(const Image& image, const std::string& exif = {}, bool progressive = false);

struct TiffForm {
  int depth = 8;        // bits a sample; with 16 each byte v becomes v * 257
  int compression = 1;  // libtiff's: 1 none, 5 LZW, 8 deflate
  int orientation = 1;
  int pages = 1;  // further pages are black
};
std::string tiff_bytes(const Image& image, const TiffForm& form = {});

struct WideTiffForm {
  int orientation = 1;
  int tile = 0;  // its side; 0: strips
  bool is_signed = false, white_is_zero = false;
};
// Of 16 bits; a tiled one is no larger than its tile.
std::string wide_tiff_bytes(int height, int width, int channels, const std::vector<std::uint16_t>& values,
                            const WideTiffForm& form = {});

// What comes before the pixels of a TIFF is up to the test.
struct BandTiffForm {
  int photometric = 1;        // libtiff's: 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK
  std::vector<int> extra;     // ExtraSamples: 0 of no declared use, 1 opacity that colours are multiplied by, 2 opacity
  bool planar = false;        // band after band
  int tile = 0;               // its side; 0: strips
  int depth = 8;              // bits a value; 16: each value v becomes v * 257
  int format = 1;             // SampleFormat: 1 unsigned, 2 signed, 3 floating-point
  int subfile = 0;            // NewSubfileType: 1 a thumbnail, 4 a mask
  std::string description{};  // ImageDescription
};
// One picture after another, each of `bands` interleaved.
std::string band_tiff_bytes(const std::vector<std::pair<Image, BandTiffForm>>& pictures);

struct WebpForm {
  std::string exif;
  bool lossless = true;
};
std::string webp_bytes(const Image& image, const WebpForm& form = {});  // of 3 or 4 channels
// `image`, of 3 channels, and then its negative.
std::string animated_webp_bytes(const Image& image);

std::string bmp_bytes(const Image& image, bool top_down = false);  // 24 bits; grey by an 8-bit palette

// An Exif block with nothing but an orientation.
std::string exif_block(int orientation, bool little_endian = true);

// The content hash of `source`, reading every image for it.
inline std::string content_hash(const Source& source) {
  std::vector<std::string> digests(source.samples().size());
  for (std::size_t i = 0; i < digests.size(); ++i) digests[i] = source.digest(i);
  return source.content_hash(digests);
}

inline std::span<const std::uint8_t> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace rxrun::test
