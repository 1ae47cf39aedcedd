#include "sweep/memory.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>

namespace rxrun::testing {
namespace {

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

class MemoryTest : public ::testing::Test {
 protected:
  MemoryTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rxrun-memory-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:    8388608 kB\n");
  }
  ~MemoryTest() override {
    std::error_code code;
    std::filesystem::remove_all(root_, code);
  }
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::filesystem::path root_;
};

TEST_F(MemoryTest, IsWhatTheMachineHasAvailable) { EXPECT_EQ(available_memory(root_), 8 * kGiB); }

TEST_F(MemoryTest, IsWhatAControlGroupOrOneAroundItLeaves) {
  write("proc/self/cgroup", "1:cpu:/old\n0::/a/b\n");
  write("sys/fs/cgroup/a/b/memory.max", "max\n");
  write("sys/fs/cgroup/a/b/memory.current", "100\n");
  EXPECT_EQ(available_memory(root_), 8 * kGiB) << "no limit";
  write("sys/fs/cgroup/a/memory.max", std::to_string(4 * kGiB) + "\n");
  write("sys/fs/cgroup/a/memory.current", std::to_string(3 * kGiB) + "\n");
  EXPECT_EQ(available_memory(root_), 1 * kGiB);
  write("sys/fs/cgroup/a/memory.stat", "anon 7\nfile 9\ninactive_file " + std::to_string(kGiB) + "\n");
  EXPECT_EQ(available_memory(root_), 2 * kGiB) << "pages of files can be had back";
  write("sys/fs/cgroup/a/b/memory.max", "100\n");
  write("sys/fs/cgroup/a/b/memory.current", "1000\n");
  EXPECT_EQ(available_memory(root_), 1) << "overdrawn is not unknown";
}

TEST_F(MemoryTest, IsUnknownWhereNothingTells) { EXPECT_EQ(available_memory(root_ / "nowhere"), 0); }

TEST_F(MemoryTest, OfThisMachineIsKnown) { EXPECT_GT(available_memory(), 0); }

TEST(JobsThatFit, AreThoseOfWhichTheLargestFitTogether) {
  EXPECT_EQ(jobs_that_fit(4, {1, 5, 3, 2}, 100), 4);
  EXPECT_EQ(jobs_that_fit(4, {1, 5, 3, 2}, 10), 3);
  EXPECT_EQ(jobs_that_fit(4, {1, 5, 3, 2}, 9), 2) << "5 and 3, but not 2 as well";
  EXPECT_EQ(jobs_that_fit(4, {1, 5, 3, 2}, 4), 1) << "one always: the system decides";
  EXPECT_EQ(jobs_that_fit(4, {5}, 11), 2) << "points that are not known yet count as the largest";
  EXPECT_EQ(jobs_that_fit(4, {5, 5}, 0), 4) << "unknown";
}

}  // namespace
}  // namespace rxrun::testing
