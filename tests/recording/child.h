// A function run in a process of its own, which may be killed or limited without harm to the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun::testing {

inline constexpr int kForeignException = 99;

// The exit code that the program would give: 0, or that of the Error.
inline int exit_code_of(const std::function<void()>& body) {
  try {
    body();
    return 0;
  } catch (const Error& error) {
    if (std::getenv("RXRUN_TEST_VERBOSE")) std::fputs(render(error.diagnostics()).c_str(), stderr);
    return static_cast<int>(error.failure());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "not an Error: %s\n", error.what());
    return kForeignException;
  }
}

inline pid_t start_child(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(exit_code_of(body));
  return child;
}

// 0 and up: the exit code; below: the signal that ended it, negative.
inline int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

inline int in_child(const std::function<void()>& body) { return wait_for(start_child(body)); }

// The text of the Error that `body` throws.
inline std::string error_text(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return render(error.diagnostics());
  }
  ADD_FAILURE() << "no error";
  return {};
}

}  // namespace rxrun::testing
