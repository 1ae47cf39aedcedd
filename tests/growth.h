// How the time that work takes grows with its size, whatever the machine: for bounds that no test may put in seconds.
#pragma once

#include <algorithm>
#include <ctime>
#include <limits>

namespace rxrun::test {

// How many times the processor time of work(size) is that of work(size / 8): about 8 where it is linear, 64 where it is
// quadratic. The least of several, so that what else the machine does makes no difference.
template <typename Work>
double growth(const Work& work, std::size_t size) {
  const auto least = [&](std::size_t of) {
    std::clock_t best = std::numeric_limits<std::clock_t>::max();
    for (int i = 0; i < 3; ++i) {
      const std::clock_t start = std::clock();
      work(of);
      best = std::min(best, std::clock() - start);
    }
    return static_cast<double>(std::max<std::clock_t>(best, 1));
  };
  return least(size) / least(size / 8);
}

// Between linear and quadratic, as far from both as can be: the square root of 8 · 64, and some room for caches.
inline constexpr double kMoreThanLinear = 24.0;

}  // namespace rxrun::test
