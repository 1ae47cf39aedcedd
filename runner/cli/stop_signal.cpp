#include "cli/stop_signal.h"

#include <unistd.h>
#include <csignal>
#include <initializer_list>

namespace rxrun {
namespace {

std::atomic<int> asked_to_stop{0};
static_assert(std::atomic<int>::is_always_lock_free);

void on_stop_signal(int signal) {
  // A terminal that closes may say so more than once, and nobody is there to ask twice.
  if (asked_to_stop.exchange(signal) != 0 && signal != SIGHUP) _exit(128 + signal);
}

}  // namespace

const std::atomic<int>& watch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;
  for (int signal : {SIGINT, SIGTERM, SIGUSR1, SIGHUP}) {
    struct sigaction before {};
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;  // nohup
    sigaction(signal, &action, nullptr);
  }
  return asked_to_stop;
}

const std::atomic<int>& stop_signal() { return asked_to_stop; }

}  // namespace rxrun
