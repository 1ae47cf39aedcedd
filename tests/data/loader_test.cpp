#include "data/loader.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numeric>
#include <set>
#include <system_error>
#include <thread>

#include "data/parallel.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::picture;
using test::TemporaryFolder;

class LoaderTest : public testing::Test {
 protected:
  LoaderTest() {
    for (int i = 0; i < 60; ++i)
      folder_.write(std::to_string(i % 2) + "/" + std::to_string(i) + ".png", test::png_bytes(picture(12, 12, 3, i)));
    spec_.path = folder_.path();
    spec_.image_size = 8;
    spec_.split.train = 0.8;
    spec_.split.validation = spec_.split.test = 0.1;
    AugmentSpec& augment = spec_.augment;
    augment.pad = augment.translate = 1;
    augment.horizontal_flip = augment.vertical_flip = augment.rotate_90 = true;
    augment.rotate = 15.0;
    augment.scale_low = 0.7;
    augment.brightness = augment.contrast = augment.saturation = augment.stain = 0.1;
    augment.hue = 0.02;
    augment.erase = 0.3;
  }

  struct Pass {
    std::vector<float> pixels;
    std::vector<std::int64_t> labels, samples, sizes;
    bool operator==(const Pass&) const = default;
  };

  Pass run(const Dataset& dataset, LoaderOptions options) const {
    Loader loader(dataset, Part::train, spec_, options);
    Pass pass;
    Batch batch;
    while (loader.next(batch)) {
      EXPECT_EQ(batch.labels.size(), static_cast<std::size_t>(batch.size));
      pass.pixels.insert(pass.pixels.end(), batch.pixels.begin(), batch.pixels.end());
      pass.labels.insert(pass.labels.end(), batch.labels.begin(), batch.labels.end());
      pass.samples.insert(pass.samples.end(), batch.samples.begin(), batch.samples.end());
      pass.sizes.push_back(batch.size);
    }
    EXPECT_FALSE(loader.next(batch));
    return pass;
  }

  TemporaryFolder folder_;
  DataSpec spec_;
};

TEST_F(LoaderTest, SameBitsForAnyNumberOfThreads) {
  const Dataset dataset = load_dataset(spec_, 1, 2);
  const LoaderOptions options{.batch = 7, .seed = 3, .epoch = 2, .shuffle = true, .augment = true, .threads = 1};
  const Pass one = run(dataset, options);
  for (const int threads : {2, 4, 16})
    for (const int ahead : {1, 3, 20}) {
      LoaderOptions other = options;
      other.threads = threads;
      other.ahead = ahead;
      EXPECT_EQ(run(dataset, other), one) << threads << " " << ahead;
    }
}

// Decoded anew in every epoch, images could be others than those that the run is recorded with.
TEST_F(LoaderTest, AnImageThatHasChangedIsAnError) {
  spec_.memory = 0;
  const Dataset dataset = load_dataset(spec_, 1, 2);
  const LoaderOptions options{.batch = 7, .seed = 3, .epoch = 1, .threads = 1};
  EXPECT_NO_THROW(run(dataset, options));
  for (int i = 0; i < 60; ++i)
    folder_.write(std::to_string(i % 2) + "/" + std::to_string(i) + ".png", test::png_bytes(picture(13, 12, 3, i + 1)));
  try {
    run(dataset, options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::usage);
    EXPECT_NE(std::string(error.what()).find("has changed since it was first read"), std::string::npos);
    EXPECT_NE(error.diagnostics().at(0).where.file.find(".png"), std::string::npos);
  }
}

TEST_F(LoaderTest, DecodingOnDemandGivesTheSamePixels) {
  const Dataset kept = load_dataset(spec_, 1, 2);
  spec_.memory = 10;
  const Dataset streamed = load_dataset(spec_, 1, 2);
  ASSERT_TRUE(streamed.images.empty());
  const LoaderOptions options{.batch = 7, .seed = 3, .shuffle = true, .augment = true, .threads = 2};
  EXPECT_EQ(run(streamed, options), run(kept, options));
}

TEST_F(LoaderTest, OrderIsAPermutationThatSeedAndEpochDecide) {
  const Dataset dataset = load_dataset(spec_, 1, 2);
  const auto order = [&](std::uint64_t seed, std::int64_t epoch, bool shuffle) {
    return run(dataset, {.batch = 5, .seed = seed, .epoch = epoch, .shuffle = shuffle}).samples;
  };
  EXPECT_EQ(order(1, 0, false), dataset.part(Part::train));
  EXPECT_EQ(order(1, 0, true), order(1, 0, true));
  EXPECT_NE(order(1, 0, true), order(1, 1, true));
  EXPECT_NE(order(1, 0, true), order(2, 0, true));
  std::vector<std::int64_t> sorted = order(1, 0, true);
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, dataset.part(Part::train));
}

TEST_F(LoaderTest, ALastBatchOfOneIsDroppedWhenAsked) {
  const Dataset dataset = load_dataset(spec_, 1, 2);
  ASSERT_EQ(dataset.part(Part::train).size(), 48u);
  EXPECT_EQ(run(dataset, {.batch = 47}).sizes, (std::vector<std::int64_t>{47, 1}));
  EXPECT_EQ(run(dataset, {.batch = 47, .drop_last_single = true}).sizes, (std::vector<std::int64_t>{47}));
  EXPECT_EQ(run(dataset, {.batch = 20, .drop_last_single = true}).sizes, (std::vector<std::int64_t>{20, 20, 8}));
  EXPECT_EQ(run(dataset, {.batch = 1, .drop_last_single = true}).sizes.size(), 48u);
  EXPECT_EQ(run(dataset, {.batch = 1000}).sizes, (std::vector<std::int64_t>{48}));
}

TEST(BatchesOf, IsWhatAPassMakes) {
  EXPECT_EQ(batches_of(48, 47, false), 2);
  EXPECT_EQ(batches_of(48, 47, true), 1);
  EXPECT_EQ(batches_of(49, 47, true), 2);
  EXPECT_EQ(batches_of(48, 1, true), 48);
  for (const std::int64_t batch : {1, 8}) EXPECT_EQ(batches_of(1, batch, true), 1) << "one image is better than none";
  EXPECT_EQ(batches_of(0, 8, true), 0);
}

TEST_F(LoaderTest, MemoryOfBatchesIsUsedAgain) {
  const Dataset dataset = load_dataset(spec_, 1, 2);
  Loader loader(dataset, Part::train, spec_, {.batch = 2, .augment = true, .threads = 2, .ahead = 3});
  std::set<const float*> places;
  Batch batch;
  while (loader.next(batch)) places.insert(batch.pixels.data());
  EXPECT_LE(places.size(), 4u);
  EXPECT_GE(loader.seconds_waited(), 0.0);
}

TEST_F(LoaderTest, EndsEarlyWithoutHanging) {
  const Dataset dataset = load_dataset(spec_, 1, 2);
  for (int fetched = 0; fetched < 6; ++fetched) {
    Loader loader(dataset, Part::train, spec_, {.batch = 3, .augment = true, .threads = 4, .ahead = 2});
    Batch batch;
    for (int i = 0; i < fetched; ++i) ASSERT_TRUE(loader.next(batch));
  }
}

// Lets nobody go on before so many have come.
class MeetingSource final : public Source {
 public:
  MeetingSource(const Source& source, int wanted) : source_(source), wanted_(wanted) { listing_ = source.listing(); }
  Image decode(std::size_t index, std::string* digest) const override {
    std::unique_lock lock(mutex_);
    most_ = std::max(most_, ++there_);
    arrived_.notify_all();
    arrived_.wait_for(lock, std::chrono::minutes(5), [&] { return most_ >= wanted_; });
    --there_;
    lock.unlock();
    return source_.decode(index, digest);
  }
  int most() const { return most_; }

 private:
  const Source& source_;
  const int wanted_;
  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  mutable int there_ = 0, most_ = 0;
};

TEST_F(LoaderTest, AsManyThreadsWorkAtATimeAsAreAskedFor) {
  spec_.memory = 10;
  Dataset dataset = load_dataset(spec_, 1, 2);
  const std::shared_ptr<const Source> source = dataset.source;
  const auto meeting = std::make_shared<MeetingSource>(*source, 8);
  dataset.source = meeting;
  EXPECT_EQ(run(dataset, {.batch = 2, .threads = 8}).sizes.size(), 24u);
  EXPECT_EQ(meeting->most(), 8);
}

// Room for so much more memory and no further: the stacks of the last threads find none.
void leave_room(rlim_t bytes) {
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  statm >> pages;
  const rlimit limit{pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + bytes, RLIM_INFINITY};
  setrlimit(RLIMIT_AS, &limit);
}

TEST_F(LoaderTest, AThreadThatCannotStartIsAnErrorAndNoHang) {
  const Dataset dataset = load_dataset(spec_, 1, 2);
  const auto start_too_many = [&] {
    alarm(600);
    leave_room(40 << 20);
    try {
      Loader loader(dataset, Part::train, spec_, {.batch = 1, .threads = 40, .ahead = 2});
    } catch (const std::system_error&) {
      _exit(7);
    }
    _exit(8);
  };
  EXPECT_EXIT(start_too_many(), testing::ExitedWithCode(7), "");
}

TEST(ForEachIndex, HandsOutNoMoreWorkWhenAThreadCannotStart) {
  const auto start_too_many = [] {
    alarm(600);
    leave_room(40 << 20);
    std::atomic<int> calls = 0;
    try {
      for_each_index(5000, 100, [&](std::size_t) {
        ++calls;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      });
    } catch (const std::system_error&) {
      _exit(calls < 2500 ? 7 : 8);
    }
    _exit(9);
  };
  EXPECT_EXIT(start_too_many(), testing::ExitedWithCode(7), "");
}

TEST_F(LoaderTest, AFileThatVanishesIsAnErrorOfNext) {
  spec_.memory = 10;
  const Dataset dataset = load_dataset(spec_, 1, 2);
  const std::int64_t victim = dataset.part(Part::train)[30];
  const std::string name = dataset.source->samples()[static_cast<std::size_t>(victim)].name;
  std::filesystem::remove(folder_.path() / name);
  Loader loader(dataset, Part::train, spec_, {.batch = 4, .threads = 3});
  Batch batch;
  int fetched = 0;
  const auto drain = [&] {
    while (loader.next(batch)) ++fetched;
  };
  EXPECT_THAT(test::error_of(drain), testing::HasSubstr(name));
  EXPECT_EQ(fetched, 30 / 4);
  EXPECT_THAT(test::error_of(drain), testing::HasSubstr(name));
}

}  // namespace
}  // namespace rxrun
