// Slide: a stained patch while it is drawn, as densities of the stains on a grid finer than the image.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "data/image.h"
#include "random/random.h"

namespace rxrun {

// The tone of a patient's slide.
struct Stain {
  double haematoxylin[3], eosin[3];  // optical density in red, green, blue
  double glass;                      // brightness of the background
};
Stain draw_stain(RandomStream draws);

// 0 below `low`, 1 above `high`, smooth between.
inline double ramp(double low, double high, double value) {
  const double t = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

class Slide {
 public:
  static constexpr int oversampling = 2;

  explicit Slide(int size);  // in pixels of the image

  int fine() const { return fine_; }  // cells a side
  std::size_t cell(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(fine_) + static_cast<std::size_t>(x);
  }

  // Calls f(cell, x, y) for each, with its place in pixels.
  template <typename F>
  void each_cell(F f) const {
    for (int y = 0; y < fine_; ++y)
      for (int x = 0; x < fine_; ++x) f(cell(x, y), (x + 0.5) / oversampling, (y + 0.5) / oversampling);
  }

  // The picture: the amount of each stain set to a draw, light through the stains, the optics' blur, the sensor's
  // noise. `more_haematoxylin` is added to the logarithm of the haematoxylin's mean, whose draws deviate by 0.26.
  Image develop(const Stain& stain, double more_haematoxylin, RandomStream& draws);

  std::vector<double> haematoxylin, eosin;  // amounts
  std::vector<double> open;                 // how much glass shows, [0, 1]

 private:
  int size_, fine_;
};

}  // namespace rxrun
