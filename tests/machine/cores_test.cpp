#include "machine/cores.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

namespace rxrun {
namespace {

class Cores : public testing::Test {
 protected:
  Cores() {
    std::string name = (std::filesystem::temp_directory_path() / "rxrun-cores-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    write("proc/self/cgroup", "1:cpu:/old\n0::/a/b\n");
  }
  ~Cores() override {
    std::error_code code;
    std::filesystem::remove_all(root_, code);
  }
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  // Of a thread that may run on so many of this machine's cores.
  int seen_on(int cores) {
    int seen = 0;
    std::thread([&] {
      cpu_set_t all, few;
      CPU_ZERO(&few);
      sched_getaffinity(0, sizeof all, &all);
      for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&few) < cores; ++core)
        if (CPU_ISSET(core, &all)) CPU_SET(core, &few);
      sched_setaffinity(0, sizeof few, &few);
      seen = available_cores(root_);
    }).join();
    return seen;
  }
  std::filesystem::path root_;
};

TEST_F(Cores, AreThoseThatTheProcessMayRunOn) {
  EXPECT_EQ(seen_on(1), 1);
  EXPECT_EQ(seen_on(2), std::min(2, available_cores(root_)));
}

TEST_F(Cores, AreFewerWhereAControlGroupOrOneAroundItSaysSo) {
  if (available_cores(root_) < 2) GTEST_SKIP() << "there is one core only";
  write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(seen_on(2), 2) << "no quota";
  write("sys/fs/cgroup/a/cpu.max", "120000 100000\n");
  EXPECT_EQ(seen_on(2), 2) << "a part of a core counts as one";
  write("sys/fs/cgroup/a/cpu.max", "100000 100000\n");
  EXPECT_EQ(seen_on(2), 1);
  write("sys/fs/cgroup/a/cpu.max", "max\n");
  write("sys/fs/cgroup/cpu.max", "20000 100000\n");
  EXPECT_EQ(seen_on(2), 1) << "one there is always";
}

TEST_F(Cores, AreKnownWithoutControlGroups) { EXPECT_GE(available_cores(root_ / "nowhere"), 1); }

}  // namespace
}  // namespace rxrun
