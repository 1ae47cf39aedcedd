#include "data/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::picture;

// The definition in floating point: a triangle filter as wide as the shrinkage, one axis after the other.
double reference_at(const Image& image, int height, int width, int y, int x, int c) {
  const auto weights = [](int in, int out, int at) {
    const double scale = static_cast<double>(in) / out, support = std::max(1.0, scale), centre = (at + 0.5) * scale;
    std::vector<double> values;
    double sum = 0.0;
    for (int i = 0; i < in; ++i) sum += values.emplace_back(std::max(0.0, 1.0 - std::abs(i + 0.5 - centre) / support));
    for (double& value : values) value /= sum;
    return values;
  };
  const std::vector<double> rows = weights(image.height, height, y), columns = weights(image.width, width, x);
  double sum = 0.0;
  for (int i = 0; i < image.height; ++i)
    for (int j = 0; j < image.width; ++j)
      sum += rows[static_cast<std::size_t>(i)] * columns[static_cast<std::size_t>(j)] *
             image.pixels[static_cast<std::size_t>(i * image.width + j) * static_cast<std::size_t>(image.channels) +
                          static_cast<std::size_t>(c)];
  return sum;
}

TEST(Resize, ValuesOfPil) {
  // PIL.Image.fromarray([[0, 0, 255, 255]]).resize((2, 1), BILINEAR)
  EXPECT_EQ(resize_bilinear(Image{1, 4, 1, {0, 0, 255, 255}}, 1, 2).pixels, (std::vector<std::uint8_t>{36, 219}));
  // ... [[0, 100]] to (4, 1)
  EXPECT_EQ(resize_bilinear(Image{1, 2, 1, {0, 100}}, 1, 4).pixels, (std::vector<std::uint8_t>{0, 25, 75, 100}));
}

TEST(Resize, IsNearTheDefinition) {
  for (const int channels : {1, 2, 3, 5}) {
    const Image image = picture(23, 17, channels);
    for (const auto& [height, width] : {std::pair{23, 17}, {11, 8}, {5, 5}, {1, 1}, {40, 31}, {9, 50}}) {
      const Image out = resize_bilinear(image, height, width);
      ASSERT_EQ(out.pixels.size(), static_cast<std::size_t>(height * width * channels));
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
          for (int c = 0; c < channels; ++c)
            ASSERT_NEAR(out.pixels[static_cast<std::size_t>((y * width + x) * channels + c)],
                        reference_at(image, height, width, y, x, c), 1.01);
    }
  }
}

// The same in whole numbers, as the fixed-point weights have it: every bit counts.
std::vector<std::uint8_t> one_axis(const std::vector<std::uint8_t>& line, int out) {
  const int in = static_cast<int>(line.size());
  const double scale = static_cast<double>(in) / out, support = std::max(1.0, scale);
  std::vector<std::uint8_t> result;
  for (int i = 0; i < out; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(std::floor(centre - support + 0.5))),
              last = std::min(in, static_cast<int>(std::floor(centre + support + 0.5)));
    double all = 0.0;
    for (int t = first; t < last; ++t) all += std::max(0.0, 1.0 - std::abs((t - centre + 0.5) / support));
    std::int64_t sum = 1 << 21;
    for (int t = first; t < last; ++t)
      sum += static_cast<std::int64_t>(
                 std::floor(std::max(0.0, 1.0 - std::abs((t - centre + 0.5) / support)) / all * (1 << 22) + 0.5)) *
             line[static_cast<std::size_t>(t)];
    result.push_back(static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> 22, 0, 255)));
  }
  return result;
}

TEST(Resize, IsTheFixedPointDefinitionToTheBit) {
  for (const int channels : {1, 3, 4})
    for (const auto& [in, out] :
         {std::pair{1, 5}, {2, 1}, {3, 2}, {5, 64}, {17, 8}, {50, 64}, {64, 64}, {224, 50}, {512, 224}, {301, 7}})
      for (const bool tall : {false, true}) {
        const Image image = tall ? picture(in, 3, channels, in) : picture(3, in, channels, in);
        const Image resized = tall ? resize_bilinear(image, out, 3) : resize_bilinear(image, 3, out);
        for (int line = 0; line < 3; ++line)
          for (int c = 0; c < channels; ++c) {
            const auto along = [&](const Image& from, int count) {
              std::vector<std::uint8_t> values;
              for (int i = 0; i < count; ++i) {
                const int y = tall ? i : line, x = tall ? line : i;
                values.push_back(
                    from.pixels[static_cast<std::size_t>(y * from.width + x) * static_cast<std::size_t>(channels) +
                                static_cast<std::size_t>(c)]);
              }
              return values;
            };
            ASSERT_EQ(along(resized, out), one_axis(along(image, in), out))
                << channels << " " << in << " " << out << " " << tall;
          }
      }
}

TEST(Resize, ModesKeepOrBreakTheAspect) {
  const Image wide = picture(10, 20, 3);
  EXPECT_EQ(resized(wide, 8, "stretch"), resize_bilinear(wide, 8, 8));
  const Image crop = resized(wide, 10, "crop");
  ASSERT_EQ(crop.pixels.size(), 300u);
  EXPECT_TRUE(std::equal(crop.pixels.begin(), crop.pixels.begin() + 30, wide.pixels.begin() + 15));
  const Image pad = resized(wide, 20, "pad");
  ASSERT_EQ(pad.pixels.size(), 1200u);
  EXPECT_EQ(pad.pixels[4 * 60 + 30], 0);
  EXPECT_TRUE(std::equal(wide.pixels.begin(), wide.pixels.end(), pad.pixels.begin() + std::ptrdiff_t{5} * 60));
  EXPECT_EQ(resized(picture(20, 20, 1), 20, "none"), picture(20, 20, 1));
  EXPECT_THAT(test::error_of([&] { resized(wide, 10, "none"); }), testing::HasSubstr("is 20×10"));
}

TEST(Resize, RibbonThatWouldBlowUpIsRefused) {
  EXPECT_THAT(test::error_of([&] { resized(picture(1, 500, 1), 224, "crop"); }), testing::HasSubstr("too large"));
}

TEST(Channels, GreyToColourAndBack) {
  const Image grey{1, 2, 1, {7, 200}};
  EXPECT_EQ(with_channels(grey, 3).pixels, (std::vector<std::uint8_t>{7, 7, 7, 200, 200, 200}));
  EXPECT_EQ(with_channels(with_channels(grey, 3), 1), grey);
  EXPECT_EQ(with_channels(Image{1, 1, 3, {255, 0, 0}}, 1).pixels[0], 76);
}

TEST(Channels, OtherNumbersStayAsTheyAre) {
  const Image five = picture(2, 3, 5);
  EXPECT_EQ(with_channels(five, 5), five);
  for (const auto& change : {std::pair{5, 3}, {3, 5}, {1, 2}, {2, 1}, {4, 3}})
    EXPECT_THAT(test::error_of([&] { with_channels(picture(2, 3, change.first), change.second); }),
                testing::HasSubstr("but data.channels is " + std::to_string(change.second)));
}

TEST(Channels, GreyThatIsStoredAsColourIsNotColourful) {
  EXPECT_FALSE(is_colourful(Image{1, 2, 3, {7, 7, 7, 200, 200, 200}}));
  EXPECT_FALSE(is_colourful(Image{1, 1, 3, {100, 104, 97}}));
  EXPECT_TRUE(is_colourful(Image{1, 2, 3, {7, 7, 7, 200, 190, 200}}));
  EXPECT_FALSE(is_colourful(picture(4, 4, 1)));
}

}  // namespace
}  // namespace rxrun
