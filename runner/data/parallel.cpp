#include "data/parallel.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace rxrun {

void check_stop(const std::atomic<int>* stop) {
  if (const int signal = stop != nullptr ? stop->load() : 0; signal != 0)
    throw Error(static_cast<Failure>(128 + signal),
                "stopped by signal " + std::to_string(signal) + " while images were read");
}

void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& f,
                    const std::atomic<int>* stop) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) {
        check_stop(stop);
        f(i);
      }
    } catch (...) {
      next = count;
      const std::lock_guard lock(mutex);
      if (failure == nullptr) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (int t = 1; t < threads && static_cast<std::size_t>(t) < count; ++t) others.emplace_back(work);
    } catch (...) {
      next = count;  // those that have started are joined before the caller hears of it
      throw;
    }
    work();
  }
  if (failure != nullptr) std::rethrow_exception(failure);
}

}  // namespace rxrun
