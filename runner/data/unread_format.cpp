#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "data/decode.h"

namespace rxrun {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t at;
  std::string_view bytes;
  const char* name;
};

constexpr Signature signatures[] = {
    {0, "GIF8"sv, "a GIF image"},
    {128, "DICM"sv, "a DICOM file"},
    {0, "\0\0\0\x0cjP  "sv, "a JPEG 2000 image"},
    {0, "\xff\x4f\xff\x51"sv, "a JPEG 2000 image"},
    {0, "\0\0\0\x0cJXL "sv, "a JPEG XL image"},
    {0, "\xff\x0a"sv, "a JPEG XL image"},
    {0, "II\xbc"sv, "a JPEG XR image"},
    {0, "\x93NUMPY"sv, "a NumPy array"},
    {0, "8BPS"sv, "a Photoshop file"},
    {0, "\x76\x2f\x31\x01"sv, "an OpenEXR image"},
    {0, "SIMPLE  ="sv, "a FITS file"},
    {344, "n+1\0"sv, "a NIfTI volume"},
    {0, "NRRD"sv, "an NRRD volume"},
    {0, "\x89HDF\r\n"sv, "an HDF5 file"},
    {0, "MATLAB "sv, "a MATLAB file"},
    {0, "%PDF"sv, "a PDF"},
    {0, "\x1f\x8b"sv, "a gzip archive"},
    {0, "PK\x03\x04"sv, "a zip archive"},
    {0, "P5"sv, "a PGM image"},
    {0, "P6"sv, "a PPM image"},
    {0, "version https://git-lfs"sv, "a Git LFS pointer, not the image itself (`git lfs pull` fetches it)"},
};

bool has(std::span<const std::uint8_t> bytes, std::size_t at, std::string_view wanted) {
  return bytes.size() >= at + wanted.size() &&
         std::equal(wanted.begin(), wanted.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

// Of a file in the ISO base media format, which names a brand behind "ftyp"; mif1 and msf1 are HEIF's in general.
std::string by_brand(std::span<const std::uint8_t> bytes) {
  for (const std::string_view brand : {"avif"sv, "avis"sv})
    if (has(bytes, 8, brand)) return "an AVIF image";
  for (const std::string_view brand : {"heic"sv, "heix"sv, "heim"sv, "heis"sv, "hevc"sv, "hevx"sv, "mif1"sv, "msf1"sv})
    if (has(bytes, 8, brand)) return "a HEIC image";
  return "a video or another file of the MP4 family";
}

// A page that was saved in place of the image, or a drawing.
std::string markup(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes.first(std::min<std::size_t>(bytes.size(), 512)))
    text += static_cast<char>(std::tolower(byte));
  const auto starts = [&](std::string_view wanted) {
    return text.find_first_not_of("\xef\xbb\xbf \t\r\n") == text.find(wanted) && text.find(wanted) != text.npos;
  };
  if (starts("<!doctype html") || starts("<html")) return "a web page, perhaps of a download that failed";
  if (starts("<svg") || (starts("<?xml") && text.find("<svg") != text.npos)) return "an SVG drawing";
  return {};
}

}  // namespace

std::string unread_format(std::span<const std::uint8_t> bytes) {
  if (has(bytes, 4, "ftyp")) return by_brand(bytes);
  for (const Signature& signature : signatures)
    if (has(bytes, signature.at, signature.bytes)) return signature.name;
  return markup(bytes);
}

}  // namespace rxrun
