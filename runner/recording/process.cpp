#include "recording/process.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <fstream>
#include <optional>
#include <sstream>

namespace rxrun {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

struct ProcessState {
  char state = '?';
  std::int64_t start = 0;
};

// proc(5): the name in parentheses may hold anything, so the fields are counted from the last parenthesis.
std::optional<ProcessState> state_of(std::int64_t pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  ProcessState process;
  fields >> process.state;  // field 3
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> process.start;  // field 22
  return fields ? std::optional(process) : std::nullopt;
}

std::string link_target(const char* path) {
  char target[PATH_MAX];
  const ssize_t size = ::readlink(path, target, sizeof target);
  return size > 0 ? std::string(target, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

ProcessIdentity this_process() {
  char host[HOST_NAME_MAX + 1] = {};
  ::gethostname(host, HOST_NAME_MAX);
  const std::int64_t pid = ::getpid();
  const auto state = state_of(pid);
  return {.host = host,
          .boot_id = first_line("/proc/sys/kernel/random/boot_id"),
          .pid_namespace = link_target("/proc/self/ns/pid"),
          .pid = pid,
          .start = state ? state->start : 0};
}

bool is_gone(const ProcessIdentity& process) {
  const ProcessIdentity here = this_process();
  if (process.host != here.host) return false;
  if (process.boot_id != here.boot_id) return true;
  if (process.pid_namespace != here.pid_namespace) return false;
  if (const auto state = state_of(process.pid)) {
    const bool ended = state->state == 'Z' || state->state == 'X';
    return ended || state->start != process.start;
  }
  // /proc may hide other users' processes; a signal of 0 tells of those too.
  return ::kill(static_cast<pid_t>(process.pid), 0) != 0 && errno == ESRCH;
}

bool can_be_seen(const ProcessIdentity& process) {
  const ProcessIdentity here = this_process();
  return process.host == here.host && process.pid_namespace == here.pid_namespace;
}

bool has_lapsed(const ProcessIdentity& process, double silent_minutes, double lease_minutes) {
  return is_gone(process) || (silent_minutes > lease_minutes && !can_be_seen(process));
}

}  // namespace rxrun
