#include "data/dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/resize.h"
#include "data/survey.h"
#include "experiment/read.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::content_hash;
using test::error_of;
using test::picture;
using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;

// `count` images of two classes.
void write_images(const TemporaryFolder& folder, int count) {
  for (int i = 0; i < count; ++i)
    folder.write(std::to_string(i % 2) + "/" + std::to_string(i) + ".png", test::png_bytes(picture(10, 12, 3, i)));
}

DataSpec spec_of(const TemporaryFolder& folder) {
  DataSpec spec;
  spec.path = folder.path();
  spec.image_size = 8;
  return spec;
}

// 40 images of two classes, whose 12 bits lie in 16.
void write_wide_images(const TemporaryFolder& folder) {
  for (int i = 0; i < 40; ++i) {
    std::vector<std::uint8_t> rows;
    for (int k = 0; k < 64; ++k) {
      const int value = k == 0 ? 0 : k == 1 ? 4095 : (i * 97 + k * 61) % 4096;
      rows.insert(rows.end(), {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)});
    }
    folder.write(std::to_string(i % 2) + "/" + std::to_string(i) + ".png",
                 test::png_bytes(8, 8, rows, {.colour_type = 0, .depth = 16, .exif = {}, .palette = {}}));
  }
}

TEST(Dataset, SixteenBitsWithoutAWindowAreToldOnce) {
  const TemporaryFolder folder;
  write_wide_images(folder);
  DataSpec spec = spec_of(folder);
  const ImageCaching caching{.folder = folder.path() / ".cache", .always = true};
  for (int time = 0; time < 2; ++time) {  // decoded, and out of the cache
    const Dataset dataset = load_dataset(spec, 1, 2, {}, caching);
    ASSERT_EQ(dataset.warnings.size(), 1u);
    EXPECT_EQ(dataset.warnings[0].message,
              "40 images have 16 bits, of which 8 are kept: their values, 0 to 4095, become 17 grey levels");
    EXPECT_THAT(dataset.warnings[0].advice, HasSubstr("data.window"));
    EXPECT_EQ(*std::ranges::max_element(dataset.images[3]), 16);
  }
  spec.window = GreyWindow{.low = 0, .high = 4095};
  const Dataset dataset = load_dataset(spec, 1, 2, {}, caching);
  EXPECT_TRUE(dataset.warnings.empty());
  EXPECT_EQ(*std::ranges::max_element(dataset.images[3]), 255);
}

TEST(Dataset, AWindowWithoutSixteenBitsIsTold) {
  const TemporaryFolder folder;
  write_images(folder, 40);
  DataSpec spec = spec_of(folder);
  spec.window = GreyWindow{.low = 0, .high = 4095};
  const Dataset dataset = load_dataset(spec, 1, 2);
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_THAT(dataset.warnings[0].message, HasSubstr("data.window has no effect"));
}

TEST(Dataset, DecodesResizesAndMeasures) {
  const TemporaryFolder folder;
  write_images(folder, 40);
  std::int64_t done = 0;
  const Dataset dataset =
      load_dataset(spec_of(folder), 1, 2, [&](const LoadProgress& progress) { done = progress.done; });
  EXPECT_EQ(done, 40);
  EXPECT_EQ(dataset.channels, 3);
  ASSERT_EQ(dataset.images.size(), 40u);
  EXPECT_TRUE(std::ranges::equal(dataset.images[7], resize_bilinear(dataset.source->decode(7), 8, 8).pixels));
  EXPECT_EQ(dataset.part(Part::train).size(), 28u);
  double sum = 0.0, squares = 0.0;
  for (const std::int64_t i : dataset.part(Part::train))
    for (std::size_t k = 1; k < 8 * 8 * 3; k += 3) {
      const double value = dataset.images[static_cast<std::size_t>(i)][k] / 255.0;
      sum += value;
      squares += value * value;
    }
  const double count = 28 * 64, mean = sum / count;
  EXPECT_NEAR(dataset.mean[1], mean, 1e-6);
  EXPECT_NEAR(dataset.deviation[1], std::sqrt(squares / count - mean * mean), 1e-6);
  EXPECT_TRUE(dataset.warnings.empty()) << dataset.warnings.front().message;
}

TEST(Dataset, ThreadsAndMemoryAlterNothing) {
  const TemporaryFolder folder;
  write_images(folder, 30);
  DataSpec spec = spec_of(folder);
  const Dataset one = load_dataset(spec, 1, 1), four = load_dataset(spec, 1, 4);
  spec.memory = 100;
  const Dataset streamed = load_dataset(spec, 1, 3);
  ASSERT_EQ(one.images.size(), four.images.size());
  for (std::size_t i = 0; i < one.images.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(one.images[i], four.images[i])) << i;
  EXPECT_TRUE(streamed.images.empty());
  for (const Dataset* other : {&four, &streamed}) {
    EXPECT_EQ(one.mean, other->mean);
    EXPECT_EQ(one.deviation, other->deviation);
    EXPECT_EQ(one.parts, other->parts);
    EXPECT_EQ(one.content_hash, other->content_hash);
    EXPECT_EQ(one.split_hash, other->split_hash);
  }
  EXPECT_EQ(one.content_hash, content_hash(*one.source));
  EXPECT_EQ(load_dataset(spec, one.source, 1, 1).content_hash, one.content_hash);
  EXPECT_NE(load_dataset(spec, 2, 1).split_hash, one.split_hash);
}

TEST(Dataset, ASurveyDescribesEverySplitAsReadingTheImagesWould) {
  const TemporaryFolder folder;
  write_images(folder, 40);
  folder.write("0/bad.png", "not an image");
  folder.write("1/same.png", test::png_bytes(picture(10, 12, 3, 1)));  // a double: a leak with some seeds
  DataSpec spec = spec_of(folder);
  spec.on_bad_image = OnBadImage::skip;
  std::int64_t looked_at = 0;
  const std::shared_ptr<const Source> source = open_source(spec, 1);
  const auto survey = survey_images(spec, source, 2, [&](const LoadProgress& progress) { looked_at = progress.done; });
  EXPECT_EQ(looked_at, 42);
  bool leaks = false, clean = false;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Dataset read = load_dataset(spec, seed, 2), described = describe_dataset(spec, source, seed, *survey);
    EXPECT_EQ(described.content_hash, read.content_hash);
    EXPECT_EQ(described.split_hash, read.split_hash);
    EXPECT_EQ(described.parts, read.parts);
    EXPECT_EQ(described.mean, read.mean);
    EXPECT_EQ(described.deviation, read.deviation);
    EXPECT_EQ(described.leaked.count, read.leaked.count);
    ASSERT_EQ(described.warnings.size(), read.warnings.size());
    for (std::size_t i = 0; i < read.warnings.size(); ++i)
      EXPECT_EQ(described.warnings[i].message, read.warnings[i].message);
    EXPECT_TRUE(described.images.empty());
    (read.leaked.count > 0 ? leaks : clean) = true;
  }
  EXPECT_TRUE(leaks && clean) << "otherwise this test sees less than it means to";
}

TEST(Dataset, SplitDoesNotDependOnThePlace) {
  const TemporaryFolder one, two;
  write_images(one, 30);
  write_images(two, 30);
  EXPECT_EQ(load_dataset(spec_of(one), 4, 1).split_hash, load_dataset(spec_of(two), 4, 1).split_hash);
}

TEST(Dataset, AllBadImagesAreToldAtOnce) {
  const TemporaryFolder folder;
  write_images(folder, 20);
  folder.write("0/empty.png", "");
  folder.write("1/text.png", "hello");
  folder.write("1/half.jpg", test::jpeg_bytes(picture(40, 40, 3)).substr(0, 700));
  folder.write("1/bomb.png", test::png_header_only(20'000, 20'000));
  DataSpec spec = spec_of(folder);
  EXPECT_THAT(error_of([&] { load_dataset(spec, 1, 2); }),
              AllOf(HasSubstr("0/empty.png:0: the file is empty"), HasSubstr("1/text.png:0: not an image"),
                    HasSubstr("1/half.jpg:0: damaged JPEG"), HasSubstr("1/bomb.png:0: too large (20000×20000)")));
  spec.on_bad_image = OnBadImage::skip;
  const Dataset dataset = load_dataset(spec, 1, 2);
  ASSERT_EQ(dataset.skipped.size(), 4u);
  EXPECT_EQ(dataset.skipped[0].name, "0/empty.png");
  EXPECT_EQ(dataset.skipped[0].reason, "the file is empty");
  EXPECT_EQ(dataset.part(Part::train).size() + dataset.part(Part::validation).size() + dataset.part(Part::test).size(),
            20u);
  ASSERT_FALSE(dataset.warnings.empty());
  EXPECT_THAT(dataset.warnings[0].message, HasSubstr("4 bad images are skipped"));
}

TEST(Dataset, NoMoreThanTwentyBadImagesAreNamed) {
  const TemporaryFolder folder;
  write_images(folder, 10);
  for (int i = 0; i < 30; ++i) folder.write("0/bad" + std::to_string(i) + ".png", "x");
  const std::string told = error_of([&] { load_dataset(spec_of(folder), 1, 2); });
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 21);
  EXPECT_THAT(told, HasSubstr("and 10 more bad images"));
}

TEST(Dataset, SkippingAllOfAClassIsAnError) {
  const TemporaryFolder folder;
  for (int i = 0; i < 10; ++i) folder.write("a/" + std::to_string(i) + ".png", test::png_bytes(picture(8, 8, 3, i)));
  for (int i = 0; i < 10; ++i) folder.write("b/" + std::to_string(i) + ".png", "x");
  DataSpec spec = spec_of(folder);
  spec.on_bad_image = OnBadImage::skip;
  EXPECT_THAT(error_of([&] { load_dataset(spec, 1, 2); }), HasSubstr("class `b` has no image in train"));
}

TEST(Dataset, TheSamePictureInTrainAndTestIsALeak) {
  const TemporaryFolder folder;
  for (const std::string part : {"train", "test", "val"})
    for (int i = 0; i < 4; ++i)
      folder.write(part + "/" + std::to_string(i % 2) + "/" + std::to_string(i) + ".png",
                   test::png_bytes(picture(8, 8, 3,
                                           i + (part == "train"  ? 0
                                                : part == "test" ? 10
                                                                 : 20))));
  // Other bytes, same pixels.
  folder.write("test/0/copy.bmp", test::bmp_bytes(picture(8, 8, 3, 2)));
  DataSpec spec = spec_of(folder);
  spec.split.train = "train";
  spec.split.validation = "val";
  spec.split.test = "test";
  const Dataset dataset = load_dataset(spec, 1, 1);
  EXPECT_EQ(dataset.leaked.count, 1);
  EXPECT_EQ(dataset.leaked.example, "test/0/copy.bmp (test) is train/0/2.png (train)");
  ASSERT_EQ(dataset.warnings.size(), 1u);
}

TEST(Dataset, GroupsThatTheSourceTearsAreTold) {
  const TemporaryFolder folder;
  for (const std::string part : {"train", "test", "val"})
    for (int i = 0; i < 4; ++i)
      folder.write(part + "/" + std::to_string(i % 2) + "/p" + std::to_string(i) + "_" + part + ".png",
                   test::png_bytes(picture(8, 8, 3, i + 7 * static_cast<int>(part[1]))));
  DataSpec spec = spec_of(folder);
  spec.split.train = "train";
  spec.split.validation = "val";
  spec.split.test = "test";
  spec.split.group_by = "(p[0-9])_";
  const Dataset dataset = load_dataset(spec, 1, 1);
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_THAT(dataset.warnings[0].message, HasSubstr("4 groups have images in several parts"));
  EXPECT_EQ(dataset.warnings[0].advice, "for example, `p0`");
}

TEST(Dataset, GivenNormalisationAndChannels) {
  const TemporaryFolder folder;
  write_images(folder, 20);
  DataSpec spec = spec_of(folder);
  spec.channels = 1;
  spec.normalize.source = NormalizeSpec::Source::given;
  spec.normalize.mean = {0.5};
  spec.normalize.deviation = {0.25};
  const Dataset dataset = load_dataset(spec, 1, 1);
  EXPECT_EQ(dataset.channels, 1);
  EXPECT_EQ(dataset.mean, std::vector<float>{0.5f});
  spec.channels = 3;
  EXPECT_EQ(load_dataset(spec, 1, 1).mean.size(), 3u);
  spec.normalize.mean = {0.5, 0.5};
  EXPECT_THAT(error_of([&] { load_dataset(spec, 1, 1); }), HasSubstr("3 channels"));
}

// From the word in the file to the numbers.
TEST(Dataset, EveryWayToNormalise) {
  const TemporaryFolder folder;
  write_images(folder, 20);
  const auto loaded = [&](const std::string& normalize) {
    const auto file =
        folder.write("../" + folder.path().filename().string() + ".yaml",
                     "name: a\nnetwork: {plugins: [p], head: [linear]}\ndata: {path: " + folder.path().string() +
                         ", image_size: 8, normalize: " + normalize + "}\n");
    Diagnostics diagnostics;
    const Experiment experiment = read_experiment(file, {}, diagnostics).experiment;
    std::filesystem::remove(file);
    diagnostics.throw_errors();
    return load_dataset(experiment.data, 1, 1);
  };
  const Dataset none = loaded("none"), given = loaded("{mean: [0.5], deviation: [0.25]}"),
                measured = loaded("measured");
  EXPECT_EQ(none.mean, std::vector<float>(3, 0.0f));
  EXPECT_EQ(none.deviation, std::vector<float>(3, 1.0f));
  EXPECT_EQ(given.mean, std::vector<float>(3, 0.5f));
  EXPECT_EQ(given.deviation, std::vector<float>(3, 0.25f));
  EXPECT_EQ(measured.mean, load_dataset(spec_of(folder), 1, 1).mean);
  EXPECT_GT(measured.mean[0], 0.0f);
}

TEST(Dataset, ResizeNoneRefusesOtherSizes) {
  const TemporaryFolder folder;
  write_images(folder, 20);
  DataSpec spec = spec_of(folder);
  spec.resize = "none";
  EXPECT_THAT(error_of([&] { load_dataset(spec, 1, 1); }), HasSubstr("is 12×10, but data.image_size is 8"));
}

}  // namespace
}  // namespace rxrun
