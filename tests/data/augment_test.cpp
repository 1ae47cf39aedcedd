#include "data/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/colour.h"
#include "image_files.h"

namespace rxrun {
namespace {

using test::picture;

constexpr int side = 6;
const std::vector<float> zero(3, 0.0f), one(3, 1.0f);

std::vector<float> augmented(const AugmentSpec& spec, const Image& image, std::uint64_t sample,
                             std::uint64_t epoch = 0) {
  Transform transform(spec, image.height, image.channels, zero, one);
  std::vector<float> out(image.pixels.size(), -1.0f);
  transform.augmented(image.pixels, RandomStream(7, Purpose::augment, epoch, sample), out.data());
  return out;
}

std::vector<float> as_floats(const Image& image) {
  std::vector<float> out;
  for (const std::uint8_t value : image.pixels) out.push_back(static_cast<float>(value) / 255.0f);
  return out;
}

bool near(const std::vector<float>& a, const std::vector<float>& b, float tolerance = 1e-5f) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](float x, float y) { return std::abs(x - y) <= tolerance; });
}

TEST(Transform, NormalisesEachChannel) {
  const Image image = picture(side, side, 3);
  const std::vector<float> mean = {0.1f, 0.5f, 0.9f}, deviation = {0.5f, 0.25f, 2.0f};
  Transform transform({}, side, 3, mean, deviation);
  std::vector<float> out(image.pixels.size());
  transform.plain(image.pixels, out.data());
  for (std::size_t i = 0; i < out.size(); ++i)
    EXPECT_NEAR(out[i], (static_cast<float>(image.pixels[i]) / 255.0f - mean[i % 3]) / deviation[i % 3], 1e-5f);
  std::vector<float> same(image.pixels.size());
  transform.augmented(image.pixels, RandomStream(1, Purpose::augment), same.data());
  EXPECT_EQ(out, same);
}

TEST(Transform, FlipsAndTurnsGiveTheEightPlacementsOnly) {
  const Image image = picture(side, side, 3);
  std::set<std::vector<float>> expected;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    Image turned{side, side, 3, std::vector<std::uint8_t>(image.pixels.size())};
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x)
        for (int c = 0; c < 3; ++c) {
          const int v = (orientation - 1) & 1 ? side - 1 - y : y, u = (orientation - 1) & 2 ? side - 1 - x : x;
          const int row = (orientation - 1) & 4 ? u : v, column = (orientation - 1) & 4 ? v : u;
          turned.pixels[static_cast<std::size_t>((y * side + x) * 3 + c)] =
              image.pixels[static_cast<std::size_t>((row * side + column) * 3 + c)];
        }
    Transform plain({}, side, 3, zero, one);
    std::vector<float> out(turned.pixels.size());
    plain.plain(turned.pixels, out.data());
    expected.insert(out);
  }
  ASSERT_EQ(expected.size(), 8u);
  AugmentSpec spec;
  spec.horizontal_flip = spec.vertical_flip = spec.rotate_90 = true;
  std::set<std::vector<float>> seen;
  for (std::uint64_t sample = 0; sample < 200; ++sample) seen.insert(augmented(spec, image, sample));
  EXPECT_EQ(seen, expected);
}

TEST(Transform, HorizontalFlipMirrorsRows) {
  const Image image = picture(side, side, 1);
  AugmentSpec spec;
  spec.horizontal_flip = true;
  int flipped = 0;
  for (std::uint64_t sample = 0; sample < 400; ++sample) {
    const std::vector<float> out = augmented(spec, image, sample);
    if (near(out, as_floats(image))) continue;
    ++flipped;
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x)
        ASSERT_NEAR(out[static_cast<std::size_t>(y * side + x)],
                    static_cast<float>(image.pixels[static_cast<std::size_t>(y * side + side - 1 - x)]) / 255.0f,
                    1e-5f);
  }
  EXPECT_NEAR(flipped, 200, 60);
}

TEST(Transform, TranslationBringsInBlackAndReachesItsRange) {
  const Image image = picture(side, side, 1);
  for (const bool pad : {false, true}) {
    AugmentSpec spec;
    (pad ? spec.pad : spec.translate) = 2;
    std::set<std::pair<int, int>> shifts;
    for (std::uint64_t sample = 0; sample < 500; ++sample) {
      const std::vector<float> out = augmented(spec, image, sample);
      for (int dy = -2; dy <= 2; ++dy)
        for (int dx = -2; dx <= 2; ++dx) {
          bool same = true;
          for (int y = 0; y < side && same; ++y)
            for (int x = 0; x < side && same; ++x) {
              const int row = y + dy, column = x + dx;
              const bool inside = row >= 0 && row < side && column >= 0 && column < side;
              const float expected =
                  inside ? static_cast<float>(image.pixels[static_cast<std::size_t>(row * side + column)]) / 255.0f
                         : 0.0f;
              same = std::abs(out[static_cast<std::size_t>(y * side + x)] - expected) < 1e-5f;
            }
          if (same) shifts.emplace(dy, dx);
        }
    }
    EXPECT_EQ(shifts.size(), 25u);
  }
}

TEST(Transform, RotationKeepsTheMiddleAndAConstantImage) {
  AugmentSpec spec;
  spec.rotate = 40.0;
  spec.scale_low = 0.5;
  const Image constant{8, 8, 3, std::vector<std::uint8_t>(192, 77)};
  EXPECT_TRUE(near(augmented(spec, constant, 3), as_floats(constant)));
  spec.scale_low = 1.0;
  const Image image = picture(9, 9, 1);
  const std::vector<float> out = augmented(spec, image, 3);
  EXPECT_FALSE(near(out, as_floats(image)));
  EXPECT_NEAR(out[40], static_cast<float>(image.pixels[40]) / 255.0f, 1e-4f);
}

TEST(Transform, ErasingFillsWithTheMean) {
  AugmentSpec spec;
  spec.erase = 1.0;
  const Image image{20, 20, 1, std::vector<std::uint8_t>(400, 200)};
  Transform transform(spec, 20, 1, {0.25f}, {0.5f});
  int erased_any = 0;
  for (std::uint64_t sample = 0; sample < 50; ++sample) {
    std::vector<float> out(400);
    transform.augmented(image.pixels, RandomStream(1, Purpose::augment, 0, sample), out.data());
    const auto erased = std::count(out.begin(), out.end(), 0.0f);
    EXPECT_LE(erased, 0.4 * 400);
    erased_any += erased > 0;
  }
  EXPECT_GT(erased_any, 45);
}

TEST(Transform, DrawsDependOnSeedEpochAndSampleOnly) {
  AugmentSpec spec;
  spec.horizontal_flip = spec.rotate_90 = true;
  spec.brightness = spec.contrast = spec.saturation = spec.stain = 0.2;
  spec.hue = 0.05;
  const Image image = picture(side, side, 3);
  EXPECT_EQ(augmented(spec, image, 4, 2), augmented(spec, image, 4, 2));
  EXPECT_NE(augmented(spec, image, 4, 2), augmented(spec, image, 5, 2));
  EXPECT_NE(augmented(spec, image, 4, 2), augmented(spec, image, 4, 3));
  for (const float value : augmented(spec, image, 4)) EXPECT_TRUE(value >= 0.0f && value <= 1.00001f);
}

// Values of torchvision.transforms.functional on the pixel (0.8, 0.4, 0.2).
TEST(Colour, AsTorchvision) {
  std::vector<float> rgb = {0.8f, 0.4f, 0.2f};
  adjust_brightness(rgb, 1.5f);
  EXPECT_TRUE(near(rgb, {1.0f, 0.6f, 0.3f}));
  rgb = {0.8f, 0.4f, 0.2f};
  adjust_saturation(rgb, 0.5f);  // grey is 0.299*0.8 + 0.587*0.4 + 0.114*0.2 = 0.4968
  EXPECT_TRUE(near(rgb, {0.6484f, 0.4484f, 0.3484f}));
  rgb = {0.8f, 0.4f, 0.2f};
  adjust_contrast(rgb, 3, 0.5f);
  EXPECT_TRUE(near(rgb, {0.6484f, 0.4484f, 0.3484f}));
  rgb = {0.8f, 0.4f, 0.2f};
  adjust_hue(rgb, 1.0f / 3.0f);
  EXPECT_TRUE(near(rgb, {0.2f, 0.8f, 0.4f}));
  adjust_hue(rgb, -1.0f / 3.0f);
  EXPECT_TRUE(near(rgb, {0.8f, 0.4f, 0.2f}));
}

TEST(Colour, StainsSeparate) {
  const std::vector<float> original = {0.6f, 0.35f, 0.7f, 0.9f, 0.5f, 0.65f};
  std::vector<float> rgb = original;
  adjust_stain(rgb, {1.0f, 1.0f, 1.0f}, {0.0f, 0.0f, 0.0f});
  EXPECT_TRUE(near(rgb, original, 1e-4f));
  // A pixel of haematoxylin alone, density 1: twice as much of it is the colour squared.
  const double length = std::sqrt(0.65 * 0.65 + 0.70 * 0.70 + 0.29 * 0.29);
  const auto pure = [&](double density) {
    return std::vector<float>{static_cast<float>(std::exp(-density * 0.65 / length)),
                              static_cast<float>(std::exp(-density * 0.70 / length)),
                              static_cast<float>(std::exp(-density * 0.29 / length))};
  };
  rgb = pure(1.0);
  adjust_stain(rgb, {2.0f, 5.0f, 5.0f}, {0.0f, 0.0f, 0.0f});
  EXPECT_TRUE(near(rgb, pure(2.0), 1e-4f));
  rgb = pure(1.0);
  adjust_stain(rgb, {1.0f, 1.0f, 1.0f}, {0.5f, 0.0f, 0.0f});
  EXPECT_TRUE(near(rgb, pure(1.5), 1e-4f));
}

// Moved and turned as any other, band by band.
TEST(Transform, BandsMoveTogether) {
  constexpr int bands = 5;
  const Image image = picture(side, side, bands);
  AugmentSpec spec;
  spec.pad = 2;
  spec.horizontal_flip = spec.rotate_90 = true;
  spec.rotate = 20;
  spec.brightness = 0.3;
  const std::vector<float> zeros(bands, 0.0f), ones(bands, 1.0f);
  std::vector<Image> alone(bands, Image{side, side, 1, {}});
  for (std::size_t i = 0; i < image.pixels.size(); ++i) alone[i % bands].pixels.push_back(image.pixels[i]);
  Transform together(spec, side, bands, zeros, ones), one(spec, side, 1, zeros, ones);
  for (std::uint64_t sample = 0; sample < 20; ++sample) {
    std::vector<float> all(image.pixels.size()), single(side * side);
    together.augmented(image.pixels, RandomStream(7, Purpose::augment, 0, sample), all.data());
    for (std::size_t band = 0; band < bands; ++band) {
      one.augmented(alone[band].pixels, RandomStream(7, Purpose::augment, 0, sample), single.data());
      for (std::size_t i = 0; i < single.size(); ++i) ASSERT_EQ(all[i * bands + band], single[i]) << sample;
    }
  }
}

TEST(Transform, ContrastOfBandsIsAboutTheMeanOfAll) {
  std::vector<float> values = {0.2f, 0.4f, 0.6f, 0.8f};
  adjust_contrast(values, 2, 0.0f);
  for (const float value : values) EXPECT_FLOAT_EQ(value, 0.5f);
}

}  // namespace
}  // namespace rxrun
