#include "files/patience.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace rxrun {

bool is_full_disk(int error_number) { return error_number == ENOSPC || error_number == EDQUOT; }

bool may_pass(const Error& error) {
  return error.failure() == Failure::try_later || dynamic_cast<const FullDisk*>(&error) != nullptr;
}

std::string duration_text(std::chrono::milliseconds duration) {
  using std::chrono::duration_cast;
  if (const auto minutes = duration_cast<std::chrono::minutes>(duration); minutes == duration && minutes.count() > 1)
    return fmt::format("{} min", minutes.count());
  return fmt::format("{} s", duration_cast<std::chrono::duration<double>>(duration).count());
}

void patiently(const Patience& patience, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds nap{100};  // a stop is not to wait for a whole pause
  const auto stopping = [&] { return patience.stop && patience.stop(); };
  const auto tell = [&](const std::string& text) {
    if (patience.tell) patience.tell(text);
  };
  const Clock::time_point end = Clock::now() + patience.longest;
  bool told = false;
  for (;;) {
    try {
      work();
      if (told) tell("it could be written now: going on");
      return;
    } catch (const Error& error) {
      if (!may_pass(error) || Clock::now() >= end || stopping()) throw;
      if (!told) tell(fmt::format("{}; waiting, for {} at most", error.what(), duration_text(patience.longest)));
      told = true;
    }
    const Clock::time_point again = std::min(end, Clock::now() + patience.pause);
    while (Clock::now() < again && !stopping())
      std::this_thread::sleep_for(std::min<Clock::duration>(nap, again - Clock::now()));
  }
}

}  // namespace rxrun
