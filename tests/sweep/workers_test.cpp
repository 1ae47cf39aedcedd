#include "sweep/workers.h"

#include <gtest/gtest.h>

#include <unistd.h>
#include <csignal>

#include <cstdlib>
#include <thread>

namespace rxrun {
namespace {

class WorkersTest : public testing::Test {
 protected:
  WorkersTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rxrun-workers-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~WorkersTest() override { std::filesystem::remove_all(folder); }

  WorkerEnd run(const std::string& script) const {
    const pid_t worker = start_worker({.program = "/bin/sh", .arguments = {"-c", script}, .log = folder / "log"});
    for (;;) {
      if (const auto end = ended(worker)) return *end;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  std::filesystem::path folder;
};

TEST_F(WorkersTest, OutputAndErrorsAreAppendedToTheLog) {
  EXPECT_EQ(run("echo one; echo two >&2").code, 0);
  EXPECT_EQ(run("echo three; exit 7").code, 7);
  EXPECT_EQ(tail_of(folder / "log", 20), "one\ntwo\nthree");
  EXPECT_EQ(tail_of(folder / "log", 2), "two\nthree");
  EXPECT_EQ(tail_of(folder / "log", 1), "three");
  EXPECT_EQ(tail_of(folder / "none", 1), "");
}

TEST_F(WorkersTest, TellsWhyAProcessFailed) {
  EXPECT_EQ(reason_of(run("kill -SEGV $$"), ""), "killed by signal 11 (Segmentation fault)");
  EXPECT_EQ(reason_of(run("exit 3"), "nothing"), "ended with exit code 3");
  EXPECT_EQ(reason_of(run("exit 1"), "a line\na.yaml:1:2: error: the loss is nan\n  = mend it"), "the loss is nan");
}

TEST_F(WorkersTest, TheProcessLeadsAGroupOfItsOwn) {
  const pid_t worker = start_worker({.program = "/bin/sleep", .arguments = {"60"}, .log = folder / "log"});
  EXPECT_EQ(getpgid(worker), worker);
  EXPECT_FALSE(ended(worker));
  kill(worker, SIGKILL);
  std::optional<WorkerEnd> end;
  while (!(end = ended(worker))) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(end->signal, SIGKILL);
}

TEST_F(WorkersTest, AProgramThatIsNotThereIsAnError) {
  EXPECT_THROW(start_worker({.program = folder / "none", .arguments = {}, .log = folder / "log"}), std::exception);
}

}  // namespace
}  // namespace rxrun
