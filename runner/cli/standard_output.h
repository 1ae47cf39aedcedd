// Whether what a command printed has arrived.
#pragma once

namespace rxrun {

// Flushes std::cout and returns `code`, or 1 instead of 0 when not all of the output could be written: a full disk must
// not look like a short answer. Tells so on standard error. A reader that went away (`| head`) is no failure.
int with_output_checked(int code);

}  // namespace rxrun
