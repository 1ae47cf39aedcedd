// A point's process: started, watched, ended.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rxrun {

struct WorkerCommand {
  std::filesystem::path program;
  std::vector<std::string> arguments;  // without the program's name
  std::filesystem::path log;           // standard output and error, appended
};

// In a process group of its own, so that a terminal's Ctrl-C reaches the sweep alone, which passes it on; it is killed
// with the thread that starts it (machine/child_process.h). Throws Error.
pid_t start_worker(const WorkerCommand& command);

struct WorkerEnd {
  int code = 0;    // exit code; only if signal is 0
  int signal = 0;  // that killed it
};
// Nothing while it still runs.
std::optional<WorkerEnd> ended(pid_t worker);

// The last `lines` lines of a log; "" when there is none.
std::string tail_of(const std::filesystem::path& log, std::size_t lines);

// Why it failed: the first error that the log's tail tells, or how the process ended.
std::string reason_of(const WorkerEnd& end, const std::string& tail);

}  // namespace rxrun
