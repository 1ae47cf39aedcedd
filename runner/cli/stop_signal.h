// SIGINT, SIGTERM and SIGUSR1 ask for a stop at the next batch; a second one ends the process at once.
#pragma once

#include <atomic>

namespace rxrun {

// Installs the handlers; the value becomes the signal's number.
const std::atomic<int>& watch_stop_signals();

}  // namespace rxrun
