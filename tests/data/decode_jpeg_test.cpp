// Oddities of JPEGs that cost no pixel, and damage that does.
#include <gtest/gtest.h>

#include "data/decode.h"
#include "data/jpeg_scan.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::as_bytes;
using testing::HasSubstr;

const std::string quantisation = "\xff\xdb", huffman = "\xff\xc4", scan = "\xff\xda";

std::string jpeg(bool progressive = false, int channels = 3) {
  return test::jpeg_bytes(test::picture(64, 48, channels), {}, progressive);
}

std::string with(std::string bytes, std::size_t at, const std::string& more) { return bytes.insert(at, more); }

std::string before(const std::string& bytes, const std::string& marker, const std::string& more) {
  return with(bytes, bytes.find(marker), more);
}

std::string damage_of(const std::string& bytes) {
  return test::error_of([&] { decode_image(as_bytes(bytes)); });
}

TEST(DecodeJpeg, WhatCostsNoPixelIsNoDamage) {
  for (const bool progressive : {false, true}) {
    const std::string sound = jpeg(progressive);
    const Image expected = decode_image(as_bytes(sound));
    std::string revision = sound;
    revision.replace(11, 2, std::string(2, '\0'));
    const std::string adobe = std::string("\xff\xee\0\x0e", 4) + "Adobe" + std::string("\0\x64\0\0\0\0\x07", 7);
    const std::pair<const char*, std::string> odd[] = {
        {"JFIF revision 0.00", revision},
        {"transform 7 in Adobe's marker", with(sound, 2, adobe)},
        {"stray bytes after the first marker", with(sound, 2, std::string(5, '\0'))},
        {"stray bytes before the quantisation tables", before(sound, quantisation, "stray")},
        {"stray bytes before the Huffman tables", before(sound, huffman, "stray")},
        {"stray bytes before the scan", before(sound, scan, "stray")},
        {"bytes that fill", before(sound, scan, std::string(7, '\xff'))},
        {"bytes after the end", sound + "stray"},
    };
    for (const auto& [name, bytes] : odd) EXPECT_EQ(decode_image(as_bytes(bytes)), expected) << name;
  }
  std::string spectral = jpeg();
  const std::size_t end_of_scan_header =
      spectral.find(scan) + 2 + static_cast<std::size_t>(spectral[spectral.find(scan) + 3]);
  spectral.replace(end_of_scan_header - 3, 3, std::string(3, '\0'));
  EXPECT_EQ(decode_image(as_bytes(spectral)), decode_image(as_bytes(jpeg())));
}

TEST(DecodeJpeg, AMissingEndIsNoDamageWhereAllPixelsAreThere) {
  const std::string whole = jpeg();
  EXPECT_EQ(decode_image(as_bytes(whole.substr(0, whole.size() - 2))), decode_image(as_bytes(whole)));
  for (const std::size_t cut : {4u, 8u, 20u, 200u})
    EXPECT_THAT(damage_of(whole.substr(0, whole.size() - cut)), HasSubstr("damaged JPEG")) << cut;
  // A scan that would have followed may be missing too.
  const std::string scans = jpeg(true);
  for (const std::size_t cut : {2u, 4u, 20u, 200u})
    EXPECT_THAT(damage_of(scans.substr(0, scans.size() - cut)), HasSubstr("damaged JPEG")) << cut;
  // Cut off, and ended by some program.
  EXPECT_THAT(damage_of(whole.substr(0, whole.size() - 200) + "\xff\xd9"), HasSubstr("damaged JPEG"));
}

TEST(DecodeJpeg, BytesBehindThePixelsAreToldUnlessTheDecoderHasLostItsPlace) {
  for (const int channels : {1, 3}) {
    const std::string sound = jpeg(false, channels);
    Image expected = decode_image(as_bytes(sound));
    expected.origin.stray_bytes = true;
    for (const std::string& stray : {std::string(20, '\0'), std::string("stray bytes of a camera")})
      EXPECT_EQ(decode_image(as_bytes(with(sound, sound.size() - 2, stray))), expected) << stray;
  }
  // As a sector of a disk that is lost.
  std::string zeroed = jpeg();
  zeroed.replace(zeroed.size() * 2 / 3, 100, std::string(100, '\0'));
  EXPECT_THAT(damage_of(zeroed), HasSubstr("damaged JPEG"));
}

TEST(DecodeJpeg, AWholeScanIsToldByItsCodes) {
  for (const int channels : {1, 3}) {
    const std::string sound = jpeg(false, channels);
    EXPECT_TRUE(jpeg_scan_is_whole(as_bytes(sound)));
    const std::size_t first = sound.find(scan) + 14;
    int seen = 0, tried = 0;
    for (std::size_t at = first; at + 40 < sound.size(); at += 17) {
      std::string damaged = sound;
      damaged.replace(at, 30, std::string(30, '\0'));
      seen += jpeg_scan_is_whole(as_bytes(damaged)) ? 0 : 1;
      ++tried;
    }
    EXPECT_GT(seen, tried * 3 / 4);
    EXPECT_FALSE(jpeg_scan_is_whole(as_bytes(sound.substr(0, sound.size() - 20))));
  }
  EXPECT_FALSE(jpeg_scan_is_whole(as_bytes(jpeg(true))));
  EXPECT_FALSE(jpeg_scan_is_whole(as_bytes("\xff\xd8")));
}

TEST(DecodeJpeg, WhatLibjpegCannotReadIsNotDamage) {
  std::string lossless = jpeg();
  lossless[lossless.find("\xff\xc0") + 1] = '\xc3';
  EXPECT_THAT(damage_of(lossless), HasSubstr("unsupported JPEG"));
}

}  // namespace
}  // namespace rxrun
