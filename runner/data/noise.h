// Smooth random fields for generated images.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "random/random.h"

namespace rxrun {

// Value noise: random values on a grid, interpolated smoothly; [0, 1], repeats every `period` cells.
class Noise {
 public:
  explicit Noise(RandomStream& draws) : values_(period * period) {
    for (double& value : values_) value = draws.uniform();
  }

  double at(double x, double y) const {
    const double fx = std::floor(x), fy = std::floor(y);
    const double u = smooth(x - fx), v = smooth(y - fy);
    const long i = static_cast<long>(fx), j = static_cast<long>(fy);
    const double above = value(i, j) * (1.0 - u) + value(i + 1, j) * u;
    const double below = value(i, j + 1) * (1.0 - u) + value(i + 1, j + 1) * u;
    return above * (1.0 - v) + below * v;
  }

  // Three octaves.
  double rough(double x, double y) const {
    return (at(x, y) + 0.5 * at(2.0 * x + 17.3, 2.0 * y + 5.1) + 0.25 * at(4.0 * x + 3.7, 4.0 * y + 11.9)) / 1.75;
  }

 private:
  static constexpr long period = 32;
  static double smooth(double t) { return t * t * (3.0 - 2.0 * t); }
  double value(long i, long j) const {
    return values_[static_cast<std::size_t>((((j % period) + period) % period) * period +
                                            ((i % period) + period) % period)];
  }
  std::vector<double> values_;
};

}  // namespace rxrun
