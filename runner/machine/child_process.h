// A program started as a child that does not outlive its parent.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace rxrun {

struct ChildCommand {
  std::filesystem::path program;
  std::vector<std::string> words;  // its argv; the first is its name
  int output = 1, errors = 2;      // descriptors; standard input is empty
};

struct StartedChild {
  pid_t process = -1;
  int error = 0;  // why it could not be started: an errno; else 0
};

// The child leads a process group of its own, so that a terminal's Ctrl-C does not reach it, and blocks no signal. The
// kernel kills it when the thread that called this ends, however that ends, from before its program's first instruction
// on.
StartedChild start_child(const ChildCommand& command);

// For a child that was forked: the kernel kills it when the thread that forked it ends. False: it has ended already.
// `parent`: getpid() before the fork. Safe in a child of a process with threads.
bool end_with_parent(pid_t parent);

}  // namespace rxrun
