// The breast patches as they are downloaded: 277,524 images in folders of 279 patients, and all of them once more.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdio>
#include <fstream>

#include "data/source.h"
#include "image_files.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr int kImages = 277'524, kPatients = 279, kLinks = 20'000;
constexpr double kMostSeconds = 30.0;  // of processor time
constexpr std::int64_t kMostKiB = 600'000;

// Hard links: the file system keeps the bytes a few times only.
void write_images(const fs::path& root, const std::string& png) {
  fs::path file;
  for (int i = 0; i < kImages; ++i) {
    const std::string patient = std::to_string(10'253 + 23 * (i % kPatients));
    const fs::path folder = root / patient / (i / kPatients % 4 == 0 ? "1" : "0");
    if (i < 8 * kPatients) fs::create_directories(folder);
    const fs::path image =
        folder / (patient + "_idx5_x" + std::to_string(i % 3'000) + "_y" + std::to_string(i / 3'000) + ".png");
    if (i % kLinks == 0)
      std::ofstream(file = image, std::ios::binary) << png;
    else
      fs::create_hard_link(file, image);
  }
}

TEST(ListingScale, TheBreastPatchesAsTheyAreDownloaded) {
  const test::TemporaryFolder folder;
  const std::string png = test::png_bytes(test::picture(50, 50, 3));
  write_images(folder.path(), png);
  write_images(folder.path() / "IDC_regular_ps50_idx5", png);
  DataSpec spec;
  spec.path = folder.path();

  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const auto source = open_source(spec, 0);
  getrusage(RUSAGE_SELF, &after);
  const auto seconds = [](const rusage& usage) {
    const auto of = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
  };
  const double took = seconds(after) - seconds(before);
  std::printf("%d files listed in %.1f s of processor time; %ld MiB at most\n", 2 * kImages, took,
              after.ru_maxrss / 1024);
  EXPECT_EQ(source->listing().layout, "group/class");
  EXPECT_EQ(source->samples().size(), static_cast<std::size_t>(kImages));
  EXPECT_LT(took, kMostSeconds);
  EXPECT_LT(after.ru_maxrss, kMostKiB);
}

}  // namespace
}  // namespace rxrun
