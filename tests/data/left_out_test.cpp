// What images hold that the network does not see is told with its count, or an error.
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::error_of;
using test::picture;
using test::TemporaryFolder;
using testing::HasSubstr;

constexpr int images = 40;

class LeftOutTest : public testing::Test {
 protected:
  // As image `number` of two classes.
  void write(int number, const std::string& bytes, const std::string& extension = ".png") {
    folder_.write(std::to_string(number % 2) + "/" + std::to_string(100 + number) + extension, bytes);
  }
  DataSpec spec() const {
    DataSpec spec;
    spec.path = folder_.path();
    spec.image_size = 8;
    return spec;
  }
  // Of reading the images and of finding them in a cache, which must be the same.
  std::vector<std::string> warnings(const DataSpec& spec) const {
    std::vector<std::string> told[2];
    for (auto& messages : told)
      for (const Diagnostic& warning : load_dataset(spec, 1, 2, {}, {.folder = cache_.path(), .always = true}).warnings)
        messages.push_back(warning.message);
    EXPECT_EQ(told[0], told[1]);
    return told[0];
  }

  TemporaryFolder folder_, cache_;
};

Image grey_as_rgb(int variant) {
  const Image grey = picture(8, 8, 1, variant);
  Image image{8, 8, 3, {}};
  for (const std::uint8_t value : grey.pixels) image.pixels.insert(image.pixels.end(), 3, value);
  return image;
}

TEST_F(LeftOutTest, TheFirstImagesOfTheClassesDoNotDecideTheChannels) {
  for (int i = 0; i < images; ++i) write(i, test::png_bytes(picture(8, 8, i < 2 ? 1 : 3, i)));
  EXPECT_EQ(load_dataset(spec(), 1, 1).channels, 3);
}

TEST_F(LeftOutTest, ColourIsNotLostByChance) {
  constexpr int many = 200;
  for (int i = 0; i < many; ++i) write(i, test::png_bytes(picture(8, 8, i == 103 ? 3 : 1, i)));
  DataSpec spec = this->spec();
  EXPECT_THAT(error_of([&] { load_dataset(spec, 1, 2); }),
              HasSubstr("1 of 200 images is in colour, but data.channels is auto"));
  spec.channels = 1;
  EXPECT_EQ(warnings(spec), (std::vector<std::string>{"1 of 200 images is in colour, and converted to grey"}));
  spec.channels = 3;
  EXPECT_TRUE(warnings(spec).empty());
}

TEST_F(LeftOutTest, GreyThatIsStoredAsColourIsGrey) {
  constexpr int many = 200;
  for (int i = 0; i < many; ++i) write(i, test::png_bytes(i == 103 ? grey_as_rgb(i) : picture(8, 8, 1, i)));
  EXPECT_EQ(load_dataset(spec(), 1, 2).channels, 1);
}

TEST_F(LeftOutTest, PagesAndFrames) {
  for (int i = 0; i < images; ++i)
    if (i % 4 == 0)
      write(i, test::tiff_bytes(picture(8, 8, 3, i), {.pages = 3}), ".tif");
    else
      write(i, i == 1 ? test::animated_png_bytes(picture(8, 8, 3, i)) : test::png_bytes(picture(8, 8, 3, i)));
  EXPECT_EQ(warnings(spec()),
            (std::vector<std::string>{"11 of 40 images have more than one page or frame: the first is "
                                      "used, and 21 are left out"}));
}

TEST_F(LeftOutTest, BandsWithoutADeclaredUse) {
  for (int i = 0; i < images; ++i)
    write(i, test::band_tiff_bytes({{picture(8, 8, 4, i), {.photometric = 2, .extra = {0}}}}), ".tif");
  EXPECT_EQ(warnings(spec()), (std::vector<std::string>{"40 images have a fourth band beside RGB that declares no use: "
                                                        "it is left out"}));
  DataSpec four = spec();
  four.channels = 4;
  EXPECT_TRUE(warnings(four).empty());
  EXPECT_EQ(load_dataset(four, 1, 1).mean.size(), 4u);
}

TEST_F(LeftOutTest, OneWindowOfTwoDepths) {
  for (int i = 0; i < images; ++i)
    write(i,
          i < 10 ? test::wide_tiff_bytes(8, 8, 1, std::vector<std::uint16_t>(64, static_cast<std::uint16_t>(400 * i)))
                 : test::tiff_bytes(picture(8, 8, 1, i)),
          ".tif");
  DataSpec spec = this->spec();
  spec.window = GreyWindow{.low = 0, .high = 4095};
  EXPECT_EQ(warnings(spec), (std::vector<std::string>{"data.window does not apply to 30 of 40 images, "
                                                      "which have 8 bits"}));
  spec.window.reset();
  const std::vector<std::string> told = warnings(spec);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0], HasSubstr("10 of 40 images have 16 bits, of which 8 are kept"));
}

TEST_F(LeftOutTest, AugmentationsOfColourOnGreyImages) {
  for (int i = 0; i < images; ++i) write(i, test::png_bytes(picture(8, 8, 1, i)));
  DataSpec spec = this->spec();
  spec.augment.hue = 0.1;
  EXPECT_EQ(warnings(spec), (std::vector<std::string>{"`hue` has no effect: the images are grey"}));
}

TEST_F(LeftOutTest, BytesBehindThePixels) {
  for (int i = 0; i < images; ++i) {
    std::string jpeg = test::jpeg_bytes(picture(8, 8, 3, i));
    if (i == 3) jpeg.insert(jpeg.size() - 2, std::string(20, '\0'));
    write(i, jpeg, ".jpg");
  }
  EXPECT_EQ(warnings(spec()),
            (std::vector<std::string>{"1 of 40 images is a JPEG with bytes behind the pixels' data that "
                                      "belong to none"}));
}

TEST_F(LeftOutTest, ImagesOfAnotherNumberOfBandsAreBad) {
  for (int i = 0; i < images; ++i)
    write(i, test::band_tiff_bytes({{picture(8, 8, 5, i), {.photometric = 1, .extra = {0, 0, 0, 0}, .planar = true}}}),
          ".tif");
  write(images, test::png_bytes(picture(8, 8, 3)));
  DataSpec spec = this->spec();
  spec.channels = 5;
  EXPECT_THAT(error_of([&] { load_dataset(spec, 1, 2); }),
              HasSubstr("140.png:0: has 3 channels, but data.channels is 5"));
  spec.channels = 0;
  EXPECT_THAT(error_of([&] { load_dataset(spec, 1, 2); }), HasSubstr("data.channels=5 takes each of them"));
}

}  // namespace
}  // namespace rxrun
