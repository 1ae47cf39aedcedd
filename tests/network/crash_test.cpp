// A crash inside a layer leaves a line that names it.
#include <gmock/gmock.h>

#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "network/current_layer.h"
#include "network/forward.h"
#include "networks.h"

namespace rxrun {
namespace {

void run_with(const std::string& layer) {
  install_crash_handler();
  const Network network =
      test::build("  plugins: [convnet, " RXRUN_FAULTY_LAYERS "]\n  stem: [{conv: {channels: 4}}, " + layer +
                      "]\n  head: [global_average_pool, flatten, linear]",
                  {3, 8, 8}, 2);
  materialize(network, 1, torch::kCPU);
  backward(forward(network, torch::ones({2, 3, 8, 8})).sum());
  std::_Exit(0);
}

class CrashDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(CrashDeathTest, InForward) {
  EXPECT_EXIT(run_with("segfault"), testing::KilledBySignal(SIGSEGV),
              "rxrun: crashed with SIGSEGV in layer `segfault` \\(segfault1\\) of plugin `faulty_layers`\n");
  EXPECT_EXIT(run_with("abort"), testing::KilledBySignal(SIGABRT), "rxrun: crashed with SIGABRT in layer `abort`");
}

TEST_F(CrashDeathTest, LeavesANoteWhereAsked) {
  const std::string note = testing::TempDir() + "/rxrun-crash-note.txt";
  std::remove(note.c_str());
  EXPECT_EXIT(
      {
        set_crash_note(note.c_str());
        run_with("segfault");
      },
      testing::KilledBySignal(SIGSEGV), "crashed with SIGSEGV");
  std::ifstream file(note);
  std::string line;
  std::getline(file, line);
  std::remove(note.c_str());
  EXPECT_EQ(line, "rxrun: crashed with SIGSEGV in layer `segfault` (segfault1) of plugin `faulty_layers`");
}

TEST_F(CrashDeathTest, InBackward) {
  EXPECT_EXIT(run_with("backward_segfault"), testing::KilledBySignal(SIGSEGV),
              "rxrun: crashed with SIGSEGV in layer `backward_segfault` \\(backward_segfault1\\)");
}

TEST_F(CrashDeathTest, InAConstructor) {
  EXPECT_EXIT(run_with("crashing_constructor"), testing::KilledBySignal(SIGFPE),
              "rxrun: crashed with SIGFPE in layer `crashing_constructor`");
}

// Without an end, which only `above` could tell.
[[gnu::noinline]] int overflow_stack(volatile char* above) {
  volatile char frame[4096];
  frame[0] = *above;
  return frame[0] == 0 ? 0 : overflow_stack(frame) + frame[0];
}

TEST_F(CrashDeathTest, OutsideOfLayersAndOnAFullStack) {
  EXPECT_EXIT(
      {
        install_crash_handler();
        volatile char start = 1;
        std::_Exit(overflow_stack(&start));
      },
      testing::KilledBySignal(SIGSEGV), "rxrun: crashed with SIGSEGV\n");
}

TEST_F(CrashDeathTest, InAMappedFileThatIsCutShort) {
  EXPECT_EXIT(
      {
        install_crash_handler();
        std::FILE* file = std::tmpfile();
        if (ftruncate(fileno(file), 8192) != 0) std::_Exit(1);
        const auto* bytes =
            static_cast<const volatile char*>(mmap(nullptr, 8192, PROT_READ, MAP_SHARED, fileno(file), 0));
        if (ftruncate(fileno(file), 0) != 0) std::_Exit(1);
        std::_Exit(bytes[5000]);
      },
      testing::KilledBySignal(SIGBUS),
      "rxrun: crashed with SIGBUS: a file that is read through memory, .* was cut short");
}

TEST_F(CrashDeathTest, AnExitIsTold) {
  EXPECT_EXIT(
      {
        install_exit_report();
        const LayerScope scope("layer `quitter`");
        std::exit(0);
      },
      testing::ExitedWithCode(1), "rxrun: the process was ended by a call of exit in layer `quitter`\n");
  EXPECT_EXIT(
      {
        install_exit_report();
        std::exit(end_of_main(0));
      },
      testing::ExitedWithCode(0), "^$");
}

TEST_F(CrashDeathTest, ScopesNest) {
  const LayerScope outer("outer");
  {
    const LayerScope inner("inner");
    set_current_layer("replaced");
    EXPECT_STREQ(current_layer(), "replaced");
  }
  EXPECT_STREQ(current_layer(), "outer");
}

}  // namespace
}  // namespace rxrun
