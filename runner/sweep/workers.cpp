#include "sweep/workers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/descriptor.h"
#include "machine/child_process.h"

namespace rxrun {

pid_t start_worker(const WorkerCommand& command) {
  const Descriptor log(open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  ChildCommand child{.program = command.program, .words = command.arguments, .output = log.get(), .errors = log.get()};
  child.words.insert(child.words.begin(), "rxrun");
  const StartedChild started = log ? start_child(child) : StartedChild{.process = -1, .error = errno};
  if (started.error != 0)
    throw Error(Failure::run, fmt::format("cannot start {} with its log {}: {}", printable(command.program.string()),
                                          printable(command.log.string()), std::strerror(started.error)));
  return started.process;
}

std::optional<WorkerEnd> ended(pid_t worker) {
  int status = 0;
  const pid_t found = waitpid(worker, &status, WNOHANG);
  if (found == 0 || (found < 0 && errno == EINTR)) return std::nullopt;
  if (found < 0) return WorkerEnd{.code = 1, .signal = 0};
  if (WIFSIGNALED(status)) return WorkerEnd{.code = 0, .signal = WTERMSIG(status)};
  return WorkerEnd{.code = WEXITSTATUS(status), .signal = 0};
}

std::string tail_of(const std::filesystem::path& log, std::size_t lines) {
  constexpr std::streamoff most = 64 << 10;
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const std::streamoff size = file.tellg();
  const std::streamoff start = std::max<std::streamoff>(0, size - most);
  file.seekg(start);
  std::string text(static_cast<std::size_t>(size - start), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::size_t from = text.size();
  for (std::size_t line = 0; line < lines && from != std::string::npos; ++line)
    from = from == 0 ? std::string::npos : text.rfind('\n', from - 1);
  return from == std::string::npos ? text : text.substr(from + 1);
}

std::string reason_of(const WorkerEnd& end, const std::string& tail) {
  const std::string how = end.signal != 0 ? fmt::format("killed by signal {} ({})", end.signal, strsignal(end.signal))
                                          : fmt::format("ended with exit code {}", end.code);
  constexpr std::string_view mark = "error: ";
  const std::size_t found = tail.find(mark);
  if (end.signal != 0 || found == std::string::npos) return how;
  const std::size_t from = found + mark.size();
  return printable(tail.substr(from, std::min(tail.find('\n', from), tail.size()) - from));
}

}  // namespace rxrun
