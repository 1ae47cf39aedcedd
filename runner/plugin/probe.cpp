#include "plugin/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "machine/child_process.h"
#include "plugin/locations.h"

namespace rxrun {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kStartTime(120);  // of the describing program itself
constexpr std::size_t kLongestTable = 4u << 20;
constexpr std::size_t kLongestMessage = 16u << 10;

[[noreturn]] void fail(const std::filesystem::path& library, const std::string& cause, const std::string& advice = {}) {
  throw Error(Failure::usage, "plugin library `" + printable(library.string()) + "` " + cause, advice);
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw Error(Failure::run, std::string("cannot create a pipe: ") + std::strerror(errno));
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    close_write();
    if (read_end >= 0) close(read_end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_write() {
    if (write_end >= 0) close(write_end);
    write_end = -1;
  }
};

// In a group of its own, so that what the library starts ends with it.
pid_t start(const std::filesystem::path& program, const std::filesystem::path& library, const Pipe& out,
            const Pipe& messages) {
  const StartedChild child = start_child({.program = program,
                                          .words = {program.string(), library.string()},
                                          .output = out.write_end,
                                          .errors = messages.write_end});
  if (child.error != 0)
    throw Error(Failure::usage, "`" + program.string() + "` cannot be started: " + std::strerror(child.error),
                "install rxrun again");
  return child.process;
}

enum class Keep { beginning, end };

// Reads what is there; false at the end of the pipe. Bytes beyond the limit are dropped, so that the child never
// blocks.
bool drain(int descriptor, std::string& text, std::size_t limit, Keep keep) {
  char buffer[8192];
  const ssize_t got = read(descriptor, buffer, sizeof buffer);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  text.append(buffer, static_cast<std::size_t>(got));
  if (text.size() > limit) text = keep == Keep::beginning ? text.substr(0, limit) : text.substr(text.size() - limit);
  return true;
}

struct Outcome {
  bool timed_out = false;
  int status = 0;
  std::string out;
  std::string messages;
};

Outcome watch(pid_t child, const Pipe& out, const Pipe& messages, std::chrono::milliseconds timeout) {
  Outcome outcome;
  Clock::time_point deadline = Clock::now() + kStartTime;
  bool started = false;
  bool out_open = true, messages_open = true;
  while (out_open || messages_open) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) break;
    std::array<pollfd, 2> waits = {pollfd{out_open ? out.read_end : -1, POLLIN, 0},
                                   pollfd{messages_open ? messages.read_end : -1, POLLIN, 0}};
    if (poll(waits.data(), waits.size(), static_cast<int>(left)) < 0 && errno != EINTR) break;
    if (waits[0].revents != 0) out_open = drain(out.read_end, outcome.out, kLongestTable, Keep::beginning);
    if (!started && !outcome.out.empty()) {
      started = true;
      deadline = Clock::now() + timeout;
    }
    if (waits[1].revents != 0) messages_open = drain(messages.read_end, outcome.messages, kLongestMessage, Keep::end);
  }
  // The pipes may be closed, or held open by a grandchild; what counts is the child itself.
  for (;;) {
    const pid_t ended = waitpid(child, &outcome.status, WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) break;
    if (Clock::now() >= deadline) {
      outcome.timed_out = true;
      kill(-child, SIGKILL);
      while (waitpid(child, &outcome.status, 0) < 0 && errno == EINTR) {
      }
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  kill(-child, SIGKILL);
  return outcome;
}

}  // namespace

std::string probe_layers(const std::filesystem::path& library, std::chrono::milliseconds timeout) {
  const std::filesystem::path program = libexec_folder() / "rxrun-plugin-describe";
  Pipe out, messages;
  const pid_t child = start(program, library, out, messages);
  out.close_write();
  messages.close_write();
  const Outcome outcome = watch(child, out, messages, timeout);
  if (outcome.timed_out) {
    fail(library, "hangs while it is loaded: stopped after " + std::to_string(timeout.count() / 1000) + " s",
         "check its static initialisers");
  }
  if (WIFSIGNALED(outcome.status)) {
    const char* name = sigabbrev_np(WTERMSIG(outcome.status));
    fail(library,
         std::string("crashes while it is loaded: SIG") + (name ? name : "?") + " (" +
             strsignal(WTERMSIG(outcome.status)) + ")",
         "check its static initialisers and its RXRUN_PLUGIN function");
  }
  if (outcome.status != 0) {
    // The last line is the describing program's own; what the library itself printed comes before it.
    std::string text = outcome.messages;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const std::size_t line = text.rfind('\n');
    const std::string cause = line == std::string::npos ? text : text.substr(line + 1);
    throw Error(Failure::usage,
                cause.find(library.filename().string()) != std::string::npos
                    ? printable(cause)
                    : "plugin library `" + printable(library.string()) + "` cannot be described: " + printable(cause));
  }
  if (outcome.out.size() < 2) fail(library, "ends the process while it is loaded");
  return outcome.out;
}

}  // namespace rxrun
