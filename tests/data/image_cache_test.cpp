#include "data/image_cache.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "data/dataset.h"
#include "files/files.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::error_of;
using test::picture;
using test::TemporaryFolder;
using testing::HasSubstr;

// Counts how often it is asked for what.
class CountingSource final : public Source {
 public:
  CountingSource(int images, std::string recipe = {}) : recipe_(std::move(recipe)) {
    listing_.classes = {"a", "b"};
    for (int i = 0; i < images; ++i) {
      const std::string name = std::to_string(i);
      listing_.samples.push_back({name, i % 2, name, ""});
    }
  }
  Image decode(std::size_t index, std::string* digest) const override {
    if (++decoded == stop_at) stop = SIGTERM;
    const int which = static_cast<int>(index) == altered || static_cast<int>(index) == altered_once_digested
                          ? 1000
                          : static_cast<int>(index);
    if (digest != nullptr) *digest = sha256_hex(std::to_string(which));
    if (static_cast<int>(index) == bad) throw Error(Failure::usage, "is bad");
    return picture(10, 12, 3, which);
  }
  std::string digest(std::size_t index) const override {
    if (++digested == stop_at) stop = SIGTERM;
    return sha256_hex(std::to_string(static_cast<int>(index) == altered ? 1000 : static_cast<int>(index)));
  }
  std::string recipe() const override { return recipe_; }

  int bad = -1, altered = -1, altered_once_digested = -1;
  mutable std::atomic<int> decoded = 0, digested = 0;
  int stop_at = -1;  // the so-many-th image that is looked at
  mutable std::atomic<int> stop = 0;

 private:
  std::string recipe_;
};

class ImageCacheTest : public testing::Test {
 protected:
  ImageCacheTest() {
    spec_.image_size = 8;
    spec_.memory = 10;
    caching_.folder = folder_.path() / "cache";
  }

  Dataset load(const std::shared_ptr<CountingSource>& source) const {
    return load_dataset(spec_, source, 1, 2, {}, caching_);
  }

  std::vector<std::filesystem::path> caches() const {
    std::vector<std::filesystem::path> found;
    if (std::filesystem::exists(caching_.folder))
      for (const auto& entry : std::filesystem::directory_iterator(caching_.folder))
        if (entry.path().extension() == ".images") found.push_back(entry.path());
    return found;
  }

  // What is the same whether images came out of memory, out of a cache or were decoded as needed.
  static void expect_same(const Dataset& one, const Dataset& other) {
    ASSERT_EQ(one.images.size(), other.images.size());
    for (std::size_t i = 0; i < one.images.size(); ++i)
      EXPECT_TRUE(std::ranges::equal(one.images[i], other.images[i])) << i;
    EXPECT_EQ(one.mean, other.mean);
    EXPECT_EQ(one.deviation, other.deviation);
    EXPECT_EQ(one.parts, other.parts);
    EXPECT_EQ(one.content_hash, other.content_hash);
    EXPECT_EQ(one.split_hash, other.split_hash);
    EXPECT_EQ(one.skipped.size(), other.skipped.size());
  }

  Dataset in_memory(const std::shared_ptr<CountingSource>& source) const {
    DataSpec spec = spec_;
    spec.memory = 1 << 30;
    return load_dataset(spec, source, 1, 2);
  }

  TemporaryFolder folder_;
  DataSpec spec_;
  ImageCaching caching_;
};

TEST_F(ImageCacheTest, IsMadeBeyondTheBudgetAndSparesTheNextDecoding) {
  const auto first = std::make_shared<CountingSource>(30), second = std::make_shared<CountingSource>(30);
  const Dataset made = load(first);
  EXPECT_EQ(first->decoded, 30);
  ASSERT_EQ(caches().size(), 1u);
  const Dataset found = load(second);
  EXPECT_EQ(second->decoded, 0);
  EXPECT_EQ(second->digested, 30);
  const Dataset plain = in_memory(first);
  expect_same(made, plain);
  expect_same(found, plain);
  EXPECT_TRUE(found.warnings.empty()) << found.warnings.front().message;
}

TEST_F(ImageCacheTest, WithinTheBudgetOnlyWhenAsked) {
  spec_.memory = 1 << 30;
  const auto source = std::make_shared<CountingSource>(30);
  EXPECT_EQ(load(source).images.size(), 30u);
  EXPECT_TRUE(caches().empty());
  caching_.always = true;
  const Dataset made = load(source);
  EXPECT_EQ(caches().size(), 1u);
  const auto next = std::make_shared<CountingSource>(30);
  expect_same(load(next), made);
  EXPECT_EQ(next->decoded, 0);
}

TEST_F(ImageCacheTest, AnotherContentOrPreparationIsAnotherFile) {
  const auto source = std::make_shared<CountingSource>(30);
  load(source);
  source->altered = 4;
  load(source);
  EXPECT_EQ(caches().size(), 2u);
  spec_.image_size = 9;
  load(source);
  spec_.resize = "crop";
  load(source);
  spec_.channels = 1;
  load(source);
  EXPECT_EQ(caches().size(), 5u);
}

TEST_F(ImageCacheTest, ARecipeSparesTheLookAtTheBytes) {
  load(std::make_shared<CountingSource>(30, "generated, seed 1"));
  const auto again = std::make_shared<CountingSource>(30, "generated, seed 1"),
             other = std::make_shared<CountingSource>(30, "generated, seed 2");
  load(again);
  EXPECT_EQ(again->decoded + again->digested, 0);
  load(other);
  EXPECT_EQ(other->decoded, 30);
}

TEST_F(ImageCacheTest, AnyDamageIsNoticedAndMended) {
  const auto source = std::make_shared<CountingSource>(30);
  const Dataset plain = in_memory(source);
  load(source);
  const std::filesystem::path file = caches().at(0);
  const std::string whole = read_file(file, 1 << 20);
  const std::size_t images = image_cache_pixels + 30 * 8 * 8 * 3;
  ASSERT_EQ(whole.size(), images + std::size_t{30} * (160 + 3 * 16));
  std::vector<std::string> damaged;
  for (const std::size_t place : {std::size_t{0}, std::size_t{17}, std::size_t{40}, std::size_t{110},
                                  std::size_t{image_cache_pixels}, images - 1, images, whole.size() - 1}) {
    damaged.push_back(whole);
    damaged.back()[place] ^= 1;
  }
  damaged.push_back(whole.substr(0, whole.size() - 1));
  damaged.push_back(whole.substr(0, 100));
  damaged.push_back(whole + "x");
  damaged.push_back("");
  for (const std::string& bytes : damaged) {
    std::ofstream(file, std::ios::binary) << bytes;
    source->decoded = 0;
    const Dataset dataset = load(source);
    EXPECT_EQ(source->decoded, 30);
    ASSERT_EQ(dataset.warnings.size(), 1u);
    EXPECT_THAT(dataset.warnings[0].message, HasSubstr("damaged"));
    expect_same(dataset, plain);
    EXPECT_EQ(read_file(file, 1 << 20), whole);
  }
}

// The file would be named by the old image and hold the new one, and whoever puts the old one back would get it.
TEST_F(ImageCacheTest, AnImageThatChangesWhileItIsReadIsNotKept) {
  for (const bool in_memory_too : {false, true}) {
    const auto source = std::make_shared<CountingSource>(30), steady = std::make_shared<CountingSource>(30);
    caching_.always = true;
    spec_.memory = in_memory_too ? 1 << 30 : 10;
    source->altered_once_digested = 4;
    const Dataset changed = load(source);
    EXPECT_TRUE(caches().empty());
    ASSERT_EQ(changed.warnings.size(), 1u);
    EXPECT_THAT(changed.warnings[0].message, HasSubstr("images changed while they were read;"));
    EXPECT_EQ(changed.warnings[0].advice, "for example, 4");
    steady->altered = 4;
    EXPECT_EQ(changed.content_hash, in_memory(steady).content_hash) << "of what was decoded";
    steady->altered = -1;
    expect_same(load(steady), in_memory_too ? in_memory(steady) : load(steady));
    std::filesystem::remove_all(caching_.folder);
  }
}

TEST_F(ImageCacheTest, AFileThatHoldsOtherImagesThanItsNameSaysIsDamaged) {
  const auto source = std::make_shared<CountingSource>(30);
  load(source);
  const std::filesystem::path one = caches().at(0);
  source->altered = 4;
  load(source);
  const std::filesystem::path other = caches().at(caches().at(0) == one ? 1 : 0);
  std::filesystem::copy_file(one, other, std::filesystem::copy_options::overwrite_existing);
  const Dataset mended = load(source);
  ASSERT_EQ(mended.warnings.size(), 1u);
  EXPECT_THAT(mended.warnings[0].message,
              testing::AllOf(HasSubstr("damaged"), HasSubstr("an image is another one there")));
  expect_same(mended, in_memory(source));
  EXPECT_TRUE(load(source).warnings.empty());
}

TEST_F(ImageCacheTest, NoRoomIsToldAndImagesAreDecodedAsNeeded) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{.rlim_cur = 5000, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const Dataset dataset = load(std::make_shared<CountingSource>(30));
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(dataset.images.empty());
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_THAT(dataset.warnings[0].message,
              testing::AllOf(HasSubstr("File too large"), HasSubstr("decoded whenever they are needed")));
  EXPECT_TRUE(caches().empty());
  for (const auto& entry : std::filesystem::directory_iterator(caching_.folder))
    EXPECT_EQ(entry.path().extension(), ".lock");
}

TEST_F(ImageCacheTest, AFolderInPlaceOfTheFileIsToldOnce) {
  const auto source = std::make_shared<CountingSource>(30);
  load(source);
  const std::filesystem::path file = caches().at(0);
  std::filesystem::remove(file);
  folder_.write(file.lexically_relative(folder_.path()) / "file", "x");
  const Dataset dataset = load(source);
  ASSERT_EQ(dataset.warnings.size(), 2u);
  EXPECT_THAT(dataset.warnings[0].message, HasSubstr("it is not a file"));
  EXPECT_THAT(dataset.warnings[1].message, HasSubstr("decoded whenever they are needed"));
}

TEST_F(ImageCacheTest, AFolderThatCannotBeIsToldAndMemoryTaken) {
  folder_.write("cache", "a file");
  caching_.always = true;
  spec_.memory = 1 << 30;
  const Dataset dataset = load(std::make_shared<CountingSource>(30));
  EXPECT_EQ(dataset.images.size(), 30u);
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_THAT(dataset.warnings[0].message, HasSubstr("its own memory"));
}

TEST_F(ImageCacheTest, OfSeveralAtOnceOneDecodes) {
  constexpr int many = 6;
  std::vector<std::shared_ptr<CountingSource>> sources;
  sources.reserve(many);
  for (int i = 0; i < many; ++i) sources.push_back(std::make_shared<CountingSource>(200));
  std::vector<Dataset> datasets(many);
  {
    std::vector<std::jthread> threads;
    threads.reserve(many);
    for (int i = 0; i < many; ++i)
      threads.emplace_back(
          [&, i] { datasets[static_cast<std::size_t>(i)] = load(sources[static_cast<std::size_t>(i)]); });
  }
  int decoded = 0;
  for (const auto& source : sources) decoded += source->decoded;
  EXPECT_EQ(decoded, 200);
  for (const Dataset& dataset : datasets) expect_same(dataset, datasets[0]);
}

TEST_F(ImageCacheTest, BadImagesStayBad) {
  spec_.on_bad_image = OnBadImage::skip;
  const auto source = std::make_shared<CountingSource>(30);
  source->bad = 7;
  const Dataset made = load(source), found = load(source);
  EXPECT_EQ(source->decoded, 31);
  ASSERT_EQ(found.skipped.size(), 1u);
  EXPECT_EQ(found.skipped[0].reason, "is bad");
  expect_same(made, found);
  EXPECT_EQ(made.warnings.size(), found.warnings.size());
  // The same bytes, which can be decoded now: the cache knows less than the decoder.
  source->bad = -1;
  const Dataset mended = load(source);
  EXPECT_TRUE(mended.skipped.empty());
  expect_same(mended, in_memory(source));
}

TEST_F(ImageCacheTest, BadImagesThatEndTheRunLeaveNoCache) {
  const auto source = std::make_shared<CountingSource>(30);
  source->bad = 7;
  EXPECT_THAT(error_of([&] { load(source); }), HasSubstr("is bad"));
  EXPECT_TRUE(caches().empty());
}

TEST_F(ImageCacheTest, WhoeverWatchesMayEndTheReading) {
  for (const std::uint64_t memory : {std::uint64_t{10}, std::uint64_t{1} << 30}) {
    spec_.memory = memory;
    caching_.always = true;
    const auto source = std::make_shared<CountingSource>(300);
    const auto throws = [](const LoadProgress& progress) {
      if (progress.done >= 100) throw Error(Failure::run, "enough of it");
    };
    EXPECT_THAT(error_of([&] { load_dataset(spec_, source, 1, 2, throws, caching_); }), HasSubstr("enough of it"));
    EXPECT_LT(source->decoded, 300);
    EXPECT_TRUE(caches().empty());
    for (const auto& entry : std::filesystem::directory_iterator(caching_.folder))
      EXPECT_EQ(entry.path().extension(), ".lock");
  }
}

TEST_F(ImageCacheTest, ASignalEndsTheReadingAtOnce) {
  const auto stopped = [&](const std::shared_ptr<CountingSource>& source) {
    try {
      load_dataset(spec_, source, 1, 2, {}, caching_, &source->stop);
    } catch (const Error& error) {
      EXPECT_EQ(static_cast<int>(error.failure()), 128 + SIGTERM);
      EXPECT_THAT(error.what(), HasSubstr("stopped by signal 15"));
      return true;
    }
    return false;
  };
  for (const std::uint64_t memory : {std::uint64_t{10}, std::uint64_t{1} << 30}) {
    spec_.memory = memory;
    for (const std::string recipe : {"", "generated"}) {  // digested, decoded
      const auto source = std::make_shared<CountingSource>(300, recipe);
      source->stop_at = 100;
      EXPECT_TRUE(stopped(source));
      EXPECT_LT(source->decoded + source->digested, 110);
      EXPECT_TRUE(caches().empty());
    }
  }
  // Also the look at a file that is there, which is then not taken for damaged.
  spec_.memory = 10;
  const auto source = std::make_shared<CountingSource>(300, "generated");
  load(source);
  source->stop = SIGTERM;
  EXPECT_TRUE(stopped(source));
  EXPECT_EQ(caches().size(), 1u);
}

TEST_F(ImageCacheTest, ASignalEndsTheWaitForAnotherProcess) {
  const auto source = std::make_shared<CountingSource>(30);
  load(source);
  const std::filesystem::path file = caches().at(0);
  std::filesystem::remove(file);
  ImageCacheLock other(file);
  ASSERT_TRUE(other.try_lock());
  int told = 0;
  const auto on_progress = [&](const LoadProgress& progress) {
    EXPECT_TRUE(progress.waits);
    if (++told == 1) source->stop = SIGINT;
  };
  EXPECT_THAT(error_of([&] { load_dataset(spec_, source, 1, 2, on_progress, caching_, &source->stop); }),
              HasSubstr("stopped by signal 2"));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(source->decoded, 30);
}

TEST_F(ImageCacheTest, StaysWhenItsFileIsDeletedMeanwhile) {
  const auto source = std::make_shared<CountingSource>(30);
  const Dataset dataset = load(source);
  std::filesystem::remove_all(caching_.folder);
  expect_same(dataset, in_memory(source));
}

}  // namespace
}  // namespace rxrun
