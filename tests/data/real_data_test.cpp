// The readers on real data sets, where RXRUN_TEST_DATA names a folder that holds idc, breastmnist or fashion-mnist.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "data/loader.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

fs::path real_data(const std::string& name) {
  const char* root = std::getenv("RXRUN_TEST_DATA");
  if (root == nullptr) return {};
  const fs::path path = fs::path(root) / name;
  return fs::exists(path) ? path : fs::path();
}

TEST(RealData, BreastHistology) {
  DataSpec spec;
  spec.path = real_data("idc");
  if (spec.path.empty()) GTEST_SKIP() << "RXRUN_TEST_DATA names no idc";
  spec.image_size = 64;
  const Dataset dataset = load_dataset(spec, 365, 2);
  EXPECT_EQ(dataset.source->samples().size(), 4000u);
  EXPECT_EQ(dataset.classes, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(dataset.part(Part::train).size(), 2800u);
  EXPECT_TRUE(dataset.skipped.empty());
  spec.split.group_by = "^([0-9]+)_idx";
  spec.split.train = "train";
  spec.split.validation = 0.2;
  spec.split.test = "test";
  const Dataset by_patient = load_dataset(spec, 365, 2);
  EXPECT_EQ(by_patient.part(Part::test).size(), 800u);
  for (const int threads : {1, 2}) {
    const auto start = std::chrono::steady_clock::now();
    std::int64_t images = 0;
    for (std::int64_t epoch = 0; epoch < 10; ++epoch) {
      Loader loader(dataset, Part::train, spec,
                    {.batch = 64, .epoch = epoch, .shuffle = true, .augment = true, .threads = threads});
      Batch batch;
      while (loader.next(batch)) images += batch.size;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    RecordProperty("images_per_second_" + std::to_string(threads),
                   static_cast<int>(static_cast<double>(images) / seconds));
  }
}

TEST(RealData, BreastMnist) {
  const fs::path folder = real_data("breastmnist");
  if (folder.empty()) GTEST_SKIP() << "RXRUN_TEST_DATA names no breastmnist";
  DataSpec spec;
  spec.source = SourceKind::medmnist;
  spec.path = folder / "breastmnist.npz";
  spec.image_size = 28;
  spec.split.train = "train";
  spec.split.validation = "val";
  spec.split.test = "test";
  const Dataset dataset = load_dataset(spec, 1, 2);
  EXPECT_EQ(dataset.part(Part::train).size(), 546u);
  EXPECT_EQ(dataset.part(Part::validation).size(), 78u);
  EXPECT_EQ(dataset.part(Part::test).size(), 156u);
  EXPECT_EQ(dataset.channels, 1);
}

TEST(RealData, FashionMnist) {
  DataSpec spec;
  spec.source = SourceKind::idx;
  spec.path = real_data("fashion-mnist");
  if (spec.path.empty()) GTEST_SKIP() << "RXRUN_TEST_DATA names no fashion-mnist";
  spec.image_size = 28;
  spec.split.train = "train";
  spec.split.validation = 0.1;
  spec.split.test = "test";
  const Dataset dataset = load_dataset(spec, 1, 2);
  EXPECT_EQ(dataset.part(Part::train).size(), 54'000u);
  EXPECT_EQ(dataset.part(Part::test).size(), 10'000u);
  EXPECT_EQ(dataset.classes.size(), 10u);
  EXPECT_NEAR(dataset.mean[0], 0.286f, 0.002f);
  EXPECT_NEAR(dataset.deviation[0], 0.353f, 0.002f);
}

}  // namespace
}  // namespace rxrun
