#include "pictures/contact_sheet.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "../data/image_files.h"
#include "../data/matchers.h"
#include "data/dataset.h"
#include "data/decode.h"
#include "data/loader.h"
#include "pictures/encode_png.h"

namespace rxrun {
namespace {

using test::picture;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

// Whether `sheet` has `tile` somewhere, each of its pixels `times` × `times` large.
bool shows(const Image& sheet, const Image& tile, int times) {
  const auto same = [&](int top, int left) {
    for (int y = 0; y < tile.height; ++y)
      for (int x = 0; x < tile.width; ++x) {
        const auto i = static_cast<std::size_t>(top + y * times) * sheet.row_bytes() +
                       static_cast<std::size_t>(left + x * times) * 3;
        const auto j =
            (static_cast<std::size_t>(y) * static_cast<std::size_t>(tile.width) + static_cast<std::size_t>(x)) *
            static_cast<std::size_t>(tile.channels);
        for (std::size_t c = 0; c < 3; ++c)
          if (sheet.pixels[i + c] != tile.pixels[j + (tile.channels == 3 ? c : 0)]) return false;
      }
    return true;
  };
  for (int top = 0; top + tile.height * times <= sheet.height; ++top)
    for (int left = 0; left + tile.width * times <= sheet.width; ++left)
      if (same(top, left)) return true;
  return false;
}

class Sheet : public testing::Test {
 protected:
  // So many images of each class, all of one part: no more than the sheet has room for.
  void images(int channels, int a_class = 3) {
    for (const char* part : {"train", "val", "test"})
      for (int c = 0; c < 2; ++c)
        for (int i = 0; i < a_class; ++i)
          folder_.write(std::string(part) + "/" + (c == 0 ? "benign" : "malignant") + "/" + std::to_string(i) + ".png",
                        test::png_bytes(picture(8, 8, channels, static_cast<int>(count_++))));
    DataSpec& spec = experiment_.data;
    spec.path = folder_.path();
    spec.image_size = 8;
    spec.split = {.train = "train", .validation = "val", .test = "test", .group_by = {}, .seed = {}};
    spec.normalize.source = NormalizeSpec::Source::none;
    experiment_.seed = 5;
  }

  ContactSheet draw() const {
    const auto source = open_source(experiment_.data, experiment_.seed);
    return contact_sheet(experiment_, *source, draw_split(source->listing(), experiment_.data, experiment_.seed));
  }

  TemporaryFolder folder_;
  Experiment experiment_;
  std::size_t count_ = 0;
};

// 8 pixels become 96.
constexpr int enlarged = 12;

TEST_F(Sheet, HasWhatTheLoaderGives) {
  images(3);
  AugmentSpec& augment = experiment_.data.augment;
  augment.pad = 1;
  augment.horizontal_flip = augment.rotate_90 = true;
  augment.rotate = 15.0;
  augment.brightness = augment.hue = 0.1;
  augment.erase = 0.5;
  NormalizeSpec& normalize = experiment_.data.normalize;
  normalize = {.source = NormalizeSpec::Source::given, .mean = {0.2, 0.4, 0.6}, .deviation = {1.0, 1.0, 1.0}};
  const ContactSheet sheet = draw();
  EXPECT_THAT(sheet.notes, testing::IsEmpty());

  const Dataset dataset = load_dataset(experiment_.data, experiment_.seed, 1);
  const auto loaded = [&](Part part, bool augments, std::int64_t epoch) {
    Loader loader(dataset, part, experiment_.data,
                  {.batch = 100, .seed = experiment_.seed, .epoch = epoch, .augment = augments});
    Batch batch;
    EXPECT_TRUE(loader.next(batch));
    std::vector<Image> images;
    constexpr std::size_t values = 8 * 8 * 3;
    for (std::size_t at = 0; at < batch.pixels.size(); at += values) {
      Image& image = images.emplace_back(Image{8, 8, 3, {}});
      for (std::size_t i = 0; i < values; ++i)
        image.pixels.push_back(
            static_cast<std::uint8_t>(std::lround((batch.pixels[at + i] + dataset.mean[i % 3]) * 255.0f)));
    }
    EXPECT_EQ(images.size(), 6u);
    return images;
  };
  for (const Part part : all_parts)
    for (const Image& image : loaded(part, false, 1)) EXPECT_TRUE(shows(sheet.image, image, enlarged));
  for (const std::int64_t epoch : {1, 2, 3})
    for (const Image& image : loaded(Part::train, true, epoch)) EXPECT_TRUE(shows(sheet.image, image, enlarged));
  const std::vector<Image> later = loaded(Part::train, true, 4);
  EXPECT_FALSE(
      std::all_of(later.begin(), later.end(), [&](const Image& image) { return shows(sheet.image, image, enlarged); }));
}

TEST_F(Sheet, IsTheSameForTheSameSeed) {
  images(3, 20);
  experiment_.data.augment.horizontal_flip = true;
  const std::string first = encode_png(draw().image);
  EXPECT_EQ(first, encode_png(draw().image));
  experiment_.seed = 6;
  EXPECT_NE(first, encode_png(draw().image));
}

TEST_F(Sheet, GreyImagesAreGrey) {
  images(1);
  const ContactSheet sheet = draw();
  EXPECT_TRUE(shows(sheet.image, picture(8, 8, 1, 0), enlarged));
  EXPECT_TRUE(shows(sheet.image, picture(8, 8, 1, 17), enlarged));
}

// A source of images of five channels, whatever the file formats can hold.
class FiveChannels final : public Source {
 public:
  FiveChannels() {
    listing_.classes = {"a", "b"};
    listing_.channels = 5;
    for (int i = 0; i < 40; ++i) {
      const std::string name = std::to_string(i);
      listing_.samples.push_back({.name = name, .label = i % 2, .group = name, .part = ""});
    }
  }
  Image decode(std::size_t index, std::string*) const override { return picture(8, 8, 5, static_cast<int>(index)); }
};

TEST_F(Sheet, OtherNumbersOfChannelsAreDrawnOneByOne) {
  images(3);
  const FiveChannels source;
  const Parts parts = {{{0, 1}, {2, 3}, {4, 5}}};
  const ContactSheet sheet = contact_sheet(experiment_, source, parts);
  for (const int index : {0, 3, 4}) {
    const Image image = picture(8, 8, 5, index);
    for (std::size_t c = 0; c < 5; ++c) {
      Image plane{8, 8, 1, {}};
      for (std::size_t i = c; i < image.pixels.size(); i += 5) plane.pixels.push_back(image.pixels[i]);
      EXPECT_TRUE(shows(sheet.image, plane, 4)) << "image " << index << ", channel " << c;
    }
  }
}

TEST_F(Sheet, LargeImagesAreReduced) {
  images(3);
  experiment_.data.image_size = 600;
  const ContactSheet sheet = draw();
  EXPECT_LT(sheet.image.width, 2200);
  EXPECT_LT(sheet.image.height, 6 * 300 + 300);
}

TEST_F(Sheet, OfManyClassesSomeAreLeftOutAndThatIsSaid) {
  images(3);
  for (int c = 0; c < 98; ++c)
    for (const char* part : {"train", "val", "test"})
      folder_.write(std::string(part) + "/c" + std::to_string(c) + "/0.png",
                    test::png_bytes(picture(8, 8, 3, static_cast<int>(count_++))));
  experiment_.training.mixup = 0.4;
  const ContactSheet sheet = draw();
  EXPECT_THAT(sheet.notes, ElementsAre("12 of 100 classes are shown, evenly spaced", HasSubstr("mixup")));
  EXPECT_LT(sheet.image.height, 36 * 140 + 300);
}

TEST_F(Sheet, AClassMayBeMissingFromAPart) {
  images(3);
  std::filesystem::remove_all(folder_.path() / "val/benign");
  EXPECT_TRUE(shows(draw().image, picture(8, 8, 3, 0), enlarged));
}

TEST_F(Sheet, ABadImageIsToldOrPassedOver) {
  images(3);
  folder_.write("train/benign/0.png", "no image");
  EXPECT_THAT(test::error_of([&] { draw(); }), HasSubstr("train/benign/0.png:0: not an image"));
  experiment_.data.on_bad_image = OnBadImage::skip;
  const ContactSheet sheet = draw();
  EXPECT_TRUE(shows(sheet.image, picture(8, 8, 3, 1), enlarged));
  EXPECT_FALSE(shows(sheet.image, picture(8, 8, 3, 0), enlarged));
}

TEST(EncodePng, GivesBackTheImage) {
  for (const int channels : {1, 3}) {
    const Image image = picture(17, 31, channels);
    EXPECT_EQ(decode_image(test::as_bytes(encode_png(image))), image);
  }
}

}  // namespace
}  // namespace rxrun
