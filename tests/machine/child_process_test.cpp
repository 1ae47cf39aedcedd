#include "machine/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

namespace rxrun {
namespace {

ChildCommand sleeping() { return {.program = "/bin/sleep", .words = {"sleep", "60"}}; }

// Gone, or a zombie that nobody has waited for.
bool has_ended(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return true;
  return line[line.rfind(')') + 2] == 'Z';
}

bool ends_soon(pid_t process) {
  for (int i = 0; i < 500 && !has_ended(process); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return has_ended(process);
}

int exit_code_of(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// A process that starts a child in this way and is then killed; the child's number.
template <typename Start>
pid_t child_of_a_killed_process(Start start) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    const pid_t child = start();
    if (write(ends[1], &child, sizeof child) != sizeof child) _exit(1);
    pause();
    _exit(0);
  }
  pid_t child = 0;
  EXPECT_EQ(read(ends[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  kill(parent, SIGKILL);
  EXPECT_EQ(exit_code_of(parent), -SIGKILL);
  close(ends[0]);
  close(ends[1]);
  return child;
}

TEST(ChildProcess, EndsWithItsParentThoughItsProgramDoesNothingForIt) {
  const pid_t child = child_of_a_killed_process([] { return start_child(sleeping()).process; });
  ASSERT_GT(child, 0);
  EXPECT_TRUE(ends_soon(child));
}

TEST(ChildProcess, OneThatWasForkedEndsToo) {
  const pid_t child = child_of_a_killed_process([] {
    const pid_t parent = getpid(), forked = fork();
    if (forked == 0) {
      if (!end_with_parent(parent)) _exit(1);
      pause();
      _exit(0);
    }
    return forked;
  });
  ASSERT_GT(child, 0);
  EXPECT_TRUE(ends_soon(child));
}

TEST(ChildProcess, TheSameHarnessFindsOneThatLivesOn) {
  const pid_t child = child_of_a_killed_process([] {
    const pid_t forked = fork();
    if (forked == 0) {
      pause();
      _exit(0);
    }
    return forked;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_FALSE(has_ended(child));
  kill(child, SIGKILL);
}

// Between the fork and the request to be killed the parent may have gone.
TEST(ChildProcess, AParentThatIsGoneAlreadyIsNoticed) {
  const pid_t nobody = getpid();
  const pid_t child = fork();
  if (child == 0) _exit(end_with_parent(nobody + 1) ? 1 : 0);
  EXPECT_EQ(exit_code_of(child), 0);
}

TEST(ChildProcess, LeadsAGroupAndHasNoInput) {
  const StartedChild child = start_child(sleeping());
  ASSERT_EQ(child.error, 0);
  EXPECT_EQ(getpgid(child.process), child.process);
  kill(child.process, SIGKILL);
  EXPECT_EQ(exit_code_of(child.process), -SIGKILL);
  const StartedChild reader = start_child({.program = "/bin/sh", .words = {"sh", "-c", "read line || exit 7"}});
  EXPECT_EQ(exit_code_of(reader.process), 7);
}

TEST(ChildProcess, WhatCannotBeStartedTellsWhy) {
  const StartedChild child = start_child({.program = "/nonexistent/program", .words = {"program"}});
  EXPECT_EQ(child.error, ENOENT);
  EXPECT_EQ(child.process, -1);
}

}  // namespace
}  // namespace rxrun
