// System calls that fail, whoever makes them: a program with this in it has its own write, fsync, ftruncate, rename,
// unlink and mkdir in front of the C library's, for SQLite's files and all others alike.
#pragma once

#include <string>
#include <vector>

namespace rxrun::testing {

enum class CallFault {
  none,
  kill,       // the process dies before the call
  kill_half,  // of a write, half of the bytes arrive before it dies
  refuse,     // that call fails, as if the disk were full; the later ones do not
  half,       // of a write, half of the bytes arrive, and then it is full
};

// From now on this process's calls that change a file are counted, from 1, and the one of that number has the fault.
void install_faulty_calls(CallFault fault, int at);
// What was called since: "fsync record.jsonl".
std::vector<std::string> calls_made();

}  // namespace rxrun::testing
