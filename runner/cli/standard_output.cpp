#include "cli/standard_output.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

// Of a pipe or a socket; the error of a write that came earlier is not known any more.
bool reader_is_gone() {
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

int with_output_checked(int code) {
  errno = 0;
  if (std::cout.flush()) return code;
  const int cause = errno;
  if (reader_is_gone()) return code;
  Diagnostic lost;  // not one initializer: g++ 12 wrongly finds its members uninitialized then
  lost.message = fmt::format("not all of the output could be written{}{}", cause != 0 ? ": " : "",
                             cause != 0 ? std::strerror(cause) : "");
  lost.advice = "check where the output goes: the disk may be full";
  std::cerr << render(lost) << std::flush;
  return code != 0 ? code : static_cast<int>(Failure::run);
}

}  // namespace rxrun
