// Bands of TIFFs: which become the image, and which pictures of a file.
#include <gtest/gtest.h>

#include "data/decode.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::as_bytes;
using test::band_tiff_bytes;
using test::BandTiffForm;
using test::picture;
using testing::HasSubstr;

constexpr int white_is_zero = 0, black_is_zero = 1, rgb = 2, palette = 3, cmyk = 5;

Image decoded(const Image& bands, const BandTiffForm& form, int channels = 0) {
  return decode_image(as_bytes(band_tiff_bytes({{bands, form}})), {}, channels);
}

std::string refusal_of(const Image& bands, const BandTiffForm& form, int channels = 0) {
  return test::error_of([&] { decoded(bands, form, channels); });
}

// The first `count` bands.
Image first_bands(const Image& image, int count) {
  Image out{image.height, image.width, count, {}};
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    if (static_cast<int>(i) % image.channels < count) out.pixels.push_back(image.pixels[i]);
  return out;
}

Image inverted(Image image) {
  for (std::uint8_t& value : image.pixels) value = static_cast<std::uint8_t>(255 - value);
  return image;
}

TEST(DecodeTiff, OpacityCountsByItsDeclaredUse) {
  const Image grey{1, 3, 2, {100, 255, 100, 0, 100, 51}};
  for (const bool planar : {false, true}) {
    const BandTiffForm unassociated{.photometric = black_is_zero, .extra = {2}, .planar = planar};
    EXPECT_EQ(decoded(grey, unassociated), (Image{1, 3, 1, {100, 255, 224}}));
    const BandTiffForm associated{.photometric = black_is_zero, .extra = {1}, .planar = planar};
    EXPECT_EQ(decoded(Image{1, 3, 2, {100, 255, 0, 0, 20, 51}}, associated), (Image{1, 3, 1, {100, 255, 224}}));
    const Image four = picture(7, 5, 4);
    EXPECT_EQ(decoded(four, {.photometric = rgb, .extra = {2}, .planar = planar}), on_white(four));
  }
  // Of white that is 0, what is multiplied by opacity lies on white already.
  EXPECT_EQ(decoded(grey, {.photometric = white_is_zero, .extra = {1}}), (Image{1, 3, 1, {155, 155, 155}}));
  EXPECT_EQ(decoded(grey, {.photometric = white_is_zero, .extra = {2}}), (Image{1, 3, 1, {155, 255, 235}}));
}

TEST(DecodeTiff, SixteenBitsWithOpacity) {
  const Image four = picture(7, 5, 4);
  Image wide = decoded(four, {.photometric = rgb, .extra = {2}, .planar = true, .depth = 16});
  EXPECT_TRUE(wide.origin.wide);
  wide.origin = {};
  EXPECT_EQ(wide, on_white(four));
  const std::string bytes = band_tiff_bytes({{four, {.photometric = rgb, .extra = {1}, .depth = 16}}});
  EXPECT_THAT(test::error_of([&] { decode_image(as_bytes(bytes), GreyWindow{.low = 0, .high = 4095}); }),
              HasSubstr("data.window is not for 16 bits that are multiplied by opacity"));
}

TEST(DecodeTiff, AFourthBandOfNoDeclaredUseIsLeftOutAndTold) {
  const Image four = picture(7, 5, 4);
  Image expected = first_bands(four, 3);
  expected.origin.ignored_bands = 1;
  for (const bool planar : {false, true})
    for (const std::vector<int>& extra : {std::vector<int>{0}, std::vector<int>{}})
      EXPECT_EQ(decoded(four, {.photometric = rgb, .extra = extra, .planar = planar}), expected);
  EXPECT_EQ(decoded(four, {.photometric = rgb, .extra = {0}}, 4), four);
}

TEST(DecodeTiff, WhatIsNeitherGreyNorColourIsRefusedByItsBands) {
  EXPECT_THAT(refusal_of(picture(4, 4, 5), {.photometric = black_is_zero, .extra = {0, 0, 0, 0}, .planar = true}),
              HasSubstr("unsupported TIFF: 5 bands, one of them grey, 4 of no declared use; data.channels=5 takes each "
                        "of them as a channel"));
  EXPECT_THAT(refusal_of(picture(4, 4, 8), {.photometric = rgb, .extra = {2, 0, 0, 0, 0}}),
              HasSubstr("8 bands, three of them RGB, 1 of opacity, 4 of no declared use"));
  EXPECT_THAT(refusal_of(picture(4, 4, 2), {.photometric = black_is_zero, .extra = {0}}), HasSubstr("2 bands"));
  EXPECT_THAT(refusal_of(picture(4, 4, 3), {.photometric = black_is_zero, .extra = {0, 0}}), HasSubstr("3 bands"));
  EXPECT_THAT(refusal_of(picture(4, 4, 5), {.photometric = cmyk, .extra = {2}}), HasSubstr("5 bands"));
  EXPECT_THAT(refusal_of(picture(4, 4, 2), {.photometric = palette, .extra = {2}}), HasSubstr("2 bands"));
  // A number that is not theirs is no help.
  EXPECT_THAT(refusal_of(picture(4, 4, 5), {.photometric = black_is_zero, .extra = {0, 0, 0, 0}}, 4),
              HasSubstr("5 bands"));
}

TEST(DecodeTiff, AnyNumberOfBandsIsTakenWhereItIsDeclared) {
  for (const int bands : {2, 3, 4, 5, 8, 13})
    for (const bool planar : {false, true})
      for (const int tile : {0, 16}) {
        const Image image = picture(19, 21, bands);
        const BandTiffForm form{.photometric = black_is_zero,
                                .extra = std::vector<int>(static_cast<std::size_t>(bands - 1), 0),
                                .planar = planar,
                                .tile = tile};
        EXPECT_EQ(decoded(image, form, bands), image) << bands << planar << tile;
      }
  const Image inks = picture(4, 4, 4);
  EXPECT_EQ(decoded(inks, {.photometric = cmyk}, 4), inks);
}

TEST(DecodeTiff, SignedBytesDoNotWrap) {
  const Image stored{1, 4, 1, {0x80, 0xff, 0x00, 0x7f}};  // -128, -1, 0, 127
  EXPECT_EQ(decoded(stored, {.format = 2}), (Image{1, 4, 1, {0, 127, 128, 255}}));
  EXPECT_THAT(refusal_of(picture(4, 4, 1), {.photometric = palette, .format = 2}), HasSubstr("signed"));
}

TEST(DecodeTiff, FloatingPointIsNoWholeNumber) {
  EXPECT_THAT(refusal_of(picture(4, 4, 1), {.depth = 16, .format = 3}), HasSubstr("floating-point values of 16 bits"));
}

// Uncompressed tiles of other than a multiple of 1024 bytes.
TEST(DecodeTiff, UncompressedTilesOfAnySize) {
  for (const int tile : {16, 32, 48, 80})
    for (const bool planar : {false, true}) {
      const Image image = picture(20, 37, 3), grey = picture(20, 37, 1);
      EXPECT_EQ(decoded(image, {.photometric = rgb, .planar = planar, .tile = tile}), image) << tile;
      EXPECT_EQ(decoded(grey, {.photometric = white_is_zero, .planar = planar, .tile = tile}), inverted(grey)) << tile;
      const Image coloured = decoded(grey, {.photometric = palette, .planar = planar, .tile = tile});
      ASSERT_EQ(coloured.channels, 3);
      for (std::size_t i = 0; i < grey.pixels.size(); ++i) {
        EXPECT_EQ(coloured.pixels[3 * i], grey.pixels[i]);
        EXPECT_EQ(coloured.pixels[3 * i + 1], 255 - grey.pixels[i]);
      }
      const Image inks = picture(20, 37, 4);
      EXPECT_EQ(decoded(inks, {.photometric = cmyk, .planar = planar, .tile = tile}),
                decoded(inks, {.photometric = cmyk, .planar = planar}));
    }
}

TEST(DecodeTiff, ThumbnailsAndMasksAreNoPages) {
  const Image whole = picture(12, 10, 3), small = picture(3, 2, 3), mask = picture(12, 10, 1);
  const auto pages = [](const std::vector<std::pair<Image, BandTiffForm>>& pictures) {
    return decode_image(as_bytes(band_tiff_bytes(pictures)));
  };
  EXPECT_EQ(pages({{whole, {.photometric = rgb}}, {small, {.photometric = rgb, .subfile = 1}}, {mask, {.subfile = 4}}}),
            whole);
  EXPECT_EQ(pages({{small, {.photometric = rgb, .subfile = 1}}, {whole, {.photometric = rgb}}}), whole);
  EXPECT_EQ(pages({{small, {.photometric = rgb, .subfile = 1}}}), small);
  Image first = whole;
  first.origin.further_pictures = 2;
  EXPECT_EQ(pages({{whole, {.photometric = rgb, .subfile = 2}},
                   {small, {.photometric = rgb, .subfile = 1}},
                   {small, {.photometric = rgb}},
                   {mask, {.subfile = 2}}}),
            first);
}

TEST(DecodeTiff, PlanesOfAStackWithoutDirectoriesCount) {
  const Image image = decoded(picture(4, 4, 1), {.description = "ImageJ=1.53t\nimages=20\nslices=20\n"});
  EXPECT_EQ(image.origin.further_pictures, 19);
}

}  // namespace
}  // namespace rxrun
