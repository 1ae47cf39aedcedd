#include "machine/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace rxrun {
namespace {

// In the child, where only what is safe in a signal handler may be called. Returns only if it fails.
void become(const char* program, char* const* words, const ChildCommand& command, pid_t parent) {
  if (!end_with_parent(parent)) _exit(1);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  const bool ready = nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(command.output, STDOUT_FILENO) >= 0 &&
                     dup2(command.errors, STDERR_FILENO) >= 0 && setpgid(0, 0) == 0 &&
                     sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
  if (ready) execve(program, words, environ);
}

}  // namespace

StartedChild start_child(const ChildCommand& command) {
  std::vector<std::string> words = command.words;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int failure[2];  // closed by a program that starts, or told why it does not
  if (pipe2(failure, O_CLOEXEC) != 0) return {.process = -1, .error = errno};
  const pid_t parent = getpid();
  const pid_t child = _Fork();  // without the handlers that libraries have for it: none of theirs runs in the child
  if (child == 0) {
    become(command.program.c_str(), argv.data(), command, parent);
    const int error = errno;
    const ssize_t told = write(failure[1], &error, sizeof error);
    _exit(told == sizeof error ? 127 : 126);
  }
  const int fork_error = errno;
  close(failure[1]);
  int error = 0;
  ssize_t got = 0;
  while (child > 0 && (got = read(failure[0], &error, sizeof error)) < 0 && errno == EINTR) {
  }
  close(failure[0]);
  if (child < 0) return {.process = -1, .error = fork_error};
  if (got != sizeof error) return {.process = child, .error = 0};
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {.process = -1, .error = error};
}

bool end_with_parent(pid_t parent) { return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent; }

}  // namespace rxrun
