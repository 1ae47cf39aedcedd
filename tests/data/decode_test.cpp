#include "data/decode.h"

#include <gtest/gtest.h>
#include <png.h>

#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::as_bytes;
using test::error_of;
using test::picture;
using testing::HasSubstr;

int largest_difference(const Image& a, const Image& b) {
  if (a.height != b.height || a.width != b.width || a.channels != b.channels) return 1000;
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

std::string decoding_fails(const std::string& bytes) {
  return error_of([&] { decode_image(as_bytes(bytes)); });
}

TEST(Decode, LosslessFormatsGiveTheSamePixels) {
  for (const int channels : {1, 3}) {
    const Image image = picture(9, 7, channels);
    EXPECT_EQ(decode_image(as_bytes(test::png_bytes(image))), image);
    EXPECT_EQ(decode_image(as_bytes(test::tiff_bytes(image))), image);
    EXPECT_EQ(decode_image(as_bytes(test::bmp_bytes(image))), image);
    EXPECT_EQ(decode_image(as_bytes(test::bmp_bytes(image, true))), image);
    EXPECT_LE(largest_difference(decode_image(as_bytes(test::jpeg_bytes(image))), image), channels == 1 ? 2 : 60);
  }
}

TEST(Decode, PlainPngsOfEveryFilter) {
  for (const int channels : {1, 3})
    for (const int width : {1, 2, 5, 16, 50})
      for (const int filter :
           {PNG_FILTER_NONE, PNG_FILTER_SUB, PNG_FILTER_UP, PNG_FILTER_AVG, PNG_FILTER_PAETH, PNG_ALL_FILTERS}) {
        const Image image = picture(13, width, channels, filter);
        test::PngForm form;
        form.colour_type = channels == 1 ? 0 : 2;
        form.filters = filter;
        const std::string bytes = test::png_bytes(13, width, image.pixels, form);
        const auto plain = decode_plain_png(as_bytes(bytes));
        ASSERT_TRUE(plain) << channels << " " << width << " " << filter;
        EXPECT_EQ(*plain, image) << channels << " " << width << " " << filter;
      }
}

TEST(Decode, PngsThatAreNotPlainAreLeftToLibpng) {
  const auto is_left = [](const std::string& bytes) { return !decode_plain_png(as_bytes(bytes)); };
  const Image image = picture(9, 7, 3);
  const std::string plain = test::png_bytes(image);
  EXPECT_FALSE(is_left(plain));
  EXPECT_TRUE(is_left(test::png_bytes(picture(9, 7, 4))));
  EXPECT_TRUE(
      is_left(test::png_bytes(9, 7, image.pixels, {.colour_type = 2, .interlaced = true, .exif = {}, .palette = {}})));
  EXPECT_TRUE(
      is_left(test::png_bytes(9, 7, image.pixels, {.colour_type = 2, .exif = test::exif_block(6), .palette = {}})));
  EXPECT_TRUE(is_left(test::png_bytes(4, 4, std::vector<std::uint8_t>(8, 0),
                                      {.colour_type = 3, .depth = 4, .exif = {}, .palette = {1, 2, 3}})));
  for (std::size_t size = 0; size < plain.size(); size += 7) EXPECT_TRUE(is_left(plain.substr(0, size))) << size;
  for (std::size_t at = 8; at < plain.size(); at += 5) {
    std::string damaged = plain;
    damaged[at] ^= 1;
    EXPECT_TRUE(is_left(damaged)) << at;
  }
}

TEST(Decode, OnePixel) {
  const Image image = picture(1, 1, 3);
  EXPECT_EQ(decode_image(as_bytes(test::png_bytes(image))), image);
  EXPECT_EQ(decode_image(as_bytes(test::tiff_bytes(image))), image);
  EXPECT_EQ(decode_image(as_bytes(test::bmp_bytes(image))), image);
  EXPECT_LE(largest_difference(decode_image(as_bytes(test::jpeg_bytes(image))), image), 3);
}

TEST(Decode, SixteenBitsAreScaled) {
  const Image grey = picture(3, 5, 1);
  std::vector<std::uint8_t> wide;
  for (const std::uint8_t value : grey.pixels) wide.insert(wide.end(), {value, value});
  EXPECT_EQ(
      decode_image(as_bytes(test::png_bytes(3, 5, wide, {.colour_type = 0, .depth = 16, .exif = {}, .palette = {}})))
          .pixels,
      grey.pixels);
  EXPECT_LE(largest_difference(decode_image(as_bytes(test::tiff_bytes(grey, {.depth = 16}))), grey), 1);
  const Image colour = picture(3, 5, 3);
  EXPECT_LE(largest_difference(decode_image(as_bytes(test::tiff_bytes(colour, {.depth = 16}))), colour), 1);
}

// A PNG of one row of grey values.
std::string wide_png(const std::vector<std::uint16_t>& values) {
  std::vector<std::uint8_t> row;
  for (const std::uint16_t value : values)
    row.insert(row.end(), {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)});
  return test::png_bytes(1, static_cast<int>(values.size()), row,
                         {.colour_type = 0, .depth = 16, .exif = {}, .palette = {}});
}

TEST(Decode, AWindowOfSixteenBitsHasAllLevels) {
  const GreyWindow window{.low = 1000, .high = 1510};
  const std::vector<std::uint16_t> values = {0, 1000, 1001, 1002, 1255, 1510, 1511, 4095};
  const std::vector<std::uint8_t> expected = {0, 0, 1, 1, 128, 255, 255, 255};
  const Levels levels{.lowest = 0, .highest = 4095};
  for (const Image& image : {decode_image(as_bytes(wide_png(values)), window),
                             decode_image(as_bytes(test::wide_tiff_bytes(1, 8, 1, values)), window),
                             decode_image(as_bytes(test::wide_tiff_bytes(1, 8, 1, values, {.tile = 16})), window)}) {
    EXPECT_EQ(image.pixels, expected);
    EXPECT_EQ(image.origin.wide, levels);
  }
  // Without one all values that 16 bits can have are the window: 12 bits are left with 16 levels.
  EXPECT_EQ(decode_image(as_bytes(wide_png(values))).pixels, (std::vector<std::uint8_t>{0, 4, 4, 4, 5, 6, 6, 16}));
  EXPECT_EQ(decode_image(as_bytes(test::wide_tiff_bytes(1, 8, 1, values))).pixels,
            (std::vector<std::uint8_t>{0, 4, 4, 4, 5, 6, 6, 16}));
}

TEST(Decode, AWindowIsOfTheUnitsOfSignedImages) {
  const auto hounsfield = [](int value) { return static_cast<std::uint16_t>(static_cast<std::int16_t>(value)); };
  const std::vector<std::uint16_t> values = {hounsfield(-1024), hounsfield(-160), hounsfield(40), hounsfield(240),
                                             hounsfield(3000)};
  const std::string tiff = test::wide_tiff_bytes(1, 5, 1, values, {.is_signed = true});
  const Image image = decode_image(as_bytes(tiff), GreyWindow{.low = -160, .high = 240});
  EXPECT_EQ(image.pixels, (std::vector<std::uint8_t>{0, 0, 128, 255, 255}));
  EXPECT_EQ(image.origin.wide, (Levels{.lowest = -1024, .highest = 3000}));
  EXPECT_EQ(decode_image(as_bytes(tiff)).pixels, (std::vector<std::uint8_t>{124, 127, 128, 128, 139}));
}

TEST(Decode, AWindowLeavesOtherImagesAndTransparencyAlone) {
  const GreyWindow window{.low = 100, .high = 200};
  const Image image = picture(3, 4, 3);
  EXPECT_EQ(decode_image(as_bytes(test::png_bytes(image)), window), image);
  EXPECT_EQ(decode_image(as_bytes(test::tiff_bytes(image)), window), image);
  EXPECT_EQ(decode_image(as_bytes(test::bmp_bytes(image)), window), image);
  // Grey 150 and then opacity: all, none.
  const std::string alpha = test::png_bytes(1, 2, {0, 150, 255, 255, 0, 150, 0, 0},
                                            {.colour_type = 4, .depth = 16, .exif = {}, .palette = {}});
  EXPECT_EQ(decode_image(as_bytes(alpha), window).pixels, (std::vector<std::uint8_t>{128, 255}));
  EXPECT_EQ(decode_image(as_bytes(alpha), window).origin.wide, (Levels{.lowest = 150, .highest = 150}));
}

TEST(Decode, WideTiffsAreTurnedAndInverted) {
  const GreyWindow window{.low = 0, .high = 255};
  const std::vector<std::uint16_t> values = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(decode_image(as_bytes(test::wide_tiff_bytes(2, 3, 1, values, {.orientation = 3})), window).pixels,
            (std::vector<std::uint8_t>{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(decode_image(as_bytes(test::wide_tiff_bytes(1, 2, 3, values)), window).pixels,
            (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(decode_image(as_bytes(test::wide_tiff_bytes(2, 3, 1, values, {.white_is_zero = true})), window).pixels,
            (std::vector<std::uint8_t>{254, 253, 252, 251, 250, 249}));
  const std::string whole = test::wide_tiff_bytes(40, 30, 1, std::vector<std::uint16_t>(1200, 7));
  EXPECT_THAT(decoding_fails(whole.substr(0, 1000)), HasSubstr("damaged TIFF"));
}

TEST(Decode, PalettesAreExpanded) {
  const std::vector<std::uint8_t> palette = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
  const Image image = decode_image(
      as_bytes(test::png_bytes(1, 4, {0b00011011}, {.colour_type = 3, .depth = 2, .exif = {}, .palette = palette})));
  EXPECT_EQ(image, (Image{1, 4, 3, palette}));
}

TEST(Decode, TransparencyIsLaidOnWhite) {
  const Image image{1, 3, 4, {10, 20, 30, 255, 10, 20, 30, 0, 100, 100, 100, 51}};
  EXPECT_EQ(decode_image(as_bytes(test::png_bytes(image))),
            (Image{1, 3, 3, {10, 20, 30, 255, 255, 255, 224, 224, 224}}));
  EXPECT_EQ(decode_image(as_bytes(test::png_bytes(Image{1, 2, 2, {7, 255, 7, 0}}))), (Image{1, 2, 1, {7, 255}}));
}

TEST(Decode, InterlacedPng) {
  const Image image = picture(13, 11, 3);
  EXPECT_EQ(
      decode_image(as_bytes(test::png_bytes(13, 11, image.pixels, {.interlaced = true, .exif = {}, .palette = {}}))),
      image);
}

TEST(Decode, FirstImageOfAnAnimationOrOfPages) {
  Image image = picture(6, 5, 3);
  image.origin.further_pictures = 1;
  EXPECT_EQ(decode_image(as_bytes(test::animated_png_bytes(image))), image);
  image.origin.further_pictures = 2;
  EXPECT_EQ(decode_image(as_bytes(test::tiff_bytes(image, {.pages = 3}))), image);
}

TEST(Decode, CompressedTiff) {
  const Image image = picture(17, 9, 3);
  EXPECT_EQ(decode_image(as_bytes(test::tiff_bytes(image, {.compression = 5}))), image);
  EXPECT_EQ(decode_image(as_bytes(test::tiff_bytes(image, {.compression = 8}))), image);
}

TEST(Decode, CmykJpeg) {
  // libjpeg writes an Adobe marker with CMYK: values count as inverted, 255 is no ink.
  Image ink{16, 16, 4, {}};
  for (int i = 0; i < 256; ++i) ink.pixels.insert(ink.pixels.end(), {200, 100, 50, 255});
  const Image image = decode_image(as_bytes(test::jpeg_bytes(ink)));
  ASSERT_EQ(image.channels, 3);
  EXPECT_NEAR(image.pixels[0], 200, 3);
  EXPECT_NEAR(image.pixels[1], 100, 3);
  EXPECT_NEAR(image.pixels[2], 50, 3);
}

TEST(Decode, WebpIsReadAsAnyOther) {
  for (const int channels : {3, 4}) {
    const Image image = picture(9, 7, channels);
    EXPECT_EQ(decode_image(as_bytes(test::webp_bytes(image))), channels == 3 ? image : on_white(image));
  }
  const Image image = picture(4, 6, 3);
  EXPECT_EQ(decode_image(as_bytes(test::webp_bytes(image, {.exif = test::exif_block(6)}))), upright(image, 6));
  EXPECT_EQ(decode_image(as_bytes(test::webp_bytes(image, {.exif = std::string("Exif\0\0", 6) + test::exif_block(3)}))),
            upright(image, 3));
  Image flat{24, 24, 3, {}};
  for (int i = 0; i < 24 * 24; ++i) flat.pixels.insert(flat.pixels.end(), {200, 100, 50});
  EXPECT_LE(largest_difference(decode_image(as_bytes(test::webp_bytes(flat, {.exif = {}, .lossless = false}))), flat),
            6);
  Image first = picture(5, 8, 3);
  first.origin.further_pictures = 1;
  EXPECT_EQ(decode_image(as_bytes(test::animated_webp_bytes(first))), first);
}

TEST(Decode, ProgressiveJpegEqualsBaseline) {
  const Image image = picture(24, 24, 3);
  EXPECT_EQ(decode_image(as_bytes(test::jpeg_bytes(image, {}, true))), decode_image(as_bytes(test::jpeg_bytes(image))));
}

// Pixel (y, x) of the upright image, from the stored one: what each orientation of Exif means.
TEST(Decode, OrientationsOfExif) {
  const Image stored = picture(4, 6, 1);
  const auto at = [&](int y, int x) {
    return stored.pixels[static_cast<std::size_t>(y) * 6 + static_cast<std::size_t>(x)];
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image png = decode_image(as_bytes(test::png_bytes(
        4, 6, stored.pixels,
        {.colour_type = 0, .exif = test::exif_block(orientation, orientation % 2 == 0), .palette = {}})));
    const Image tiff = decode_image(as_bytes(test::tiff_bytes(stored, {.orientation = orientation})));
    EXPECT_EQ(png, tiff) << orientation;
    const bool turned = orientation >= 5;
    ASSERT_EQ(png.height, turned ? 6 : 4);
    const std::uint8_t corner = png.pixels.front();
    const std::uint8_t expected[] = {at(0, 0), at(0, 5), at(3, 5), at(3, 0), at(0, 0), at(3, 0), at(3, 5), at(0, 5)};
    EXPECT_EQ(corner, expected[orientation - 1]) << orientation;
    const std::uint8_t right[] = {at(0, 1), at(0, 4), at(3, 4), at(3, 1), at(1, 0), at(2, 0), at(2, 5), at(1, 5)};
    EXPECT_EQ(png.pixels[1], right[orientation - 1]) << orientation;
  }
  const Image jpeg = decode_image(as_bytes(test::jpeg_bytes(picture(4, 6, 3), test::exif_block(6))));
  EXPECT_EQ(jpeg.height, 6);
  EXPECT_EQ(jpeg.width, 4);
}

TEST(Decode, DamagedExifIsNoReasonToFail) {
  EXPECT_EQ(exif_orientation(as_bytes("II*")), 1);
  EXPECT_EQ(exif_orientation(as_bytes(std::string("II*\0\xff\xff\xff\xff", 8))), 1);
  EXPECT_EQ(exif_orientation(as_bytes(test::exif_block(9))), 1);
  EXPECT_EQ(exif_orientation(as_bytes(test::exif_block(8, false))), 8);
}

TEST(Decode, AbsurdlyLargeIsRefusedByTheHeader) {
  EXPECT_THAT(decoding_fails(test::png_header_only(20'000, 20'000)), HasSubstr("too large (20000×20000)"));
  EXPECT_THAT(decoding_fails(test::png_header_only(20'001, 1)), HasSubstr("too large (20001×1)"));
  std::string jpeg = test::jpeg_bytes(picture(8, 8, 3));
  const std::size_t frame = jpeg.find("\xff\xc0");
  jpeg.replace(frame + 5, 4, "\x4e\x20\x4e\x20");
  EXPECT_THAT(decoding_fails(jpeg), HasSubstr("too large (20000×20000)"));
  std::string bmp = test::bmp_bytes(picture(8, 8, 3));
  bmp.replace(18, 8, std::string("\x20\x4e\0\0\x20\x4e\0\0", 8));
  EXPECT_THAT(decoding_fails(bmp), HasSubstr("too large (20000×20000)"));
}

// libpng takes the memory for such a chunk before it reads it.
TEST(Decode, AChunkLargerThanItsFileIsRefusedByItsHeader) {
  std::string png = test::png_bytes(2, 2, std::vector<std::uint8_t>(12), {.exif = test::exif_block(6)});
  png.replace(png.find("eXIf") - 4, 4, "\x70\x01\x01\x01");
  // Versions of libpng differ in whether they say that it is too large or pass it over and miss the rest.
  EXPECT_THAT(decoding_fails(png), testing::AnyOf(HasSubstr("too large"), HasSubstr("the file ends early")));
}

TEST(Decode, CutShortIsDamage) {
  const Image image = picture(40, 40, 3);
  for (const std::string& whole : {test::png_bytes(image), test::jpeg_bytes(image), test::tiff_bytes(image),
                                   test::bmp_bytes(image), test::webp_bytes(image)})
    for (const double kept : {0.02, 0.1, 0.5, 0.9, 0.99}) {
      const std::string part = whole.substr(0, static_cast<std::size_t>(kept * static_cast<double>(whole.size())));
      EXPECT_NE(decoding_fails(part), "no error") << whole.substr(0, 4) << " " << kept;
    }
}

TEST(Decode, WhatIsNoImage) {
  EXPECT_THAT(decoding_fails(""), HasSubstr("the file is empty"));
  EXPECT_THAT(decoding_fails("hello, world"), HasSubstr("not an image"));
  EXPECT_THAT(decoding_fails("GIF89a"), HasSubstr("GIF"));
  EXPECT_THAT(decoding_fails(std::string("RIFF\1\0\0\0WEBPVP8 ", 16)), HasSubstr("damaged WebP"));
  EXPECT_THAT(decoding_fails("\x89PNG\r\n\x1a\n"), HasSubstr("damaged PNG"));
  EXPECT_THAT(decoding_fails("\xff\xd8\xff"), HasSubstr("damaged JPEG"));
  EXPECT_THAT(decoding_fails(std::string("II*\0", 4)), HasSubstr("damaged TIFF"));
  EXPECT_THAT(decoding_fails("BM"), HasSubstr("damaged BMP"));
}

TEST(Decode, ForeignFormatsAreNamed) {
  const auto file_type = [](const std::string& brand) { return std::string("\0\0\0\x18", 4) + "ftyp" + brand; };
  const std::pair<std::string, const char*> named[] = {
      {file_type("heic"), "a HEIC image: only PNG, JPEG, TIFF, BMP and WebP images are read"},
      {file_type("mif1"), "HEIC"},
      {file_type("avif"), "an AVIF image"},
      {std::string(128, '\0') + "DICM", "a DICOM file"},
      {std::string("\0\0\0\x0cjP  \r\n\x87\n", 12), "JPEG 2000"},
      {"\xff\x4f\xff\x51", "JPEG 2000"},
      {"\x93NUMPY", "a NumPy array"},
      {"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"},
      {"\n<!DOCTYPE html><html>", "a web page"},
      {"<?xml version='1.0'?><svg>", "an SVG drawing"},
  };
  for (const auto& [bytes, name] : named) EXPECT_THAT(decoding_fails(bytes), HasSubstr(name));
}

TEST(Decode, FourBandsAreChannelsWhereTheyAreAskedFor) {
  const Image four{1, 2, 4, {10, 20, 30, 255, 40, 50, 60, 1}}, two{1, 2, 2, {7, 255, 9, 0}};
  EXPECT_EQ(decode_image(as_bytes(test::png_bytes(four)), {}, 4), four);
  EXPECT_EQ(decode_image(as_bytes(test::png_bytes(two)), {}, 2), two);
  EXPECT_EQ(decode_image(as_bytes(test::webp_bytes(four)), {}, 4), four);
  EXPECT_EQ(decode_image(as_bytes(test::png_bytes(two)), {}, 4).channels, 1);  // which the caller refuses
}

TEST(Decode, FlippedBitInPngIsDamage) {
  std::string png = test::png_bytes(picture(30, 30, 3));
  png[png.size() / 2] = static_cast<char>(png[png.size() / 2] ^ 4);
  EXPECT_THAT(decoding_fails(png), HasSubstr("damaged PNG"));
}

}  // namespace
}  // namespace rxrun
