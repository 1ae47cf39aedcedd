// SIGINT, SIGTERM, SIGUSR1 and SIGHUP ask for a stop after this batch; a second one, but for SIGHUP, ends the process
// at once. A signal that is ignored when the program starts stays so.
#pragma once

#include <atomic>

namespace rxrun {

// Installs the handlers; the value becomes the signal's number.
const std::atomic<int>& watch_stop_signals();

// The same value, of a process that may not watch them.
const std::atomic<int>& stop_signal();

}  // namespace rxrun
