#include "data/slide.h"

#include <cmath>

namespace rxrun {
namespace {

// Scales to the mean that is asked for; contrast goes with it.
void set_mean(std::vector<double>& density, double mean) {
  double sum = 0.0;
  for (std::size_t i = 0; i < density.size(); ++i) sum += density[i];
  const double factor = mean * static_cast<double>(density.size()) / std::max(sum, 1e-9);
  for (double& value : density) value *= factor;
}

}  // namespace

Slide::Slide(int size) : size_(size), fine_(size * oversampling) {
  open.assign(static_cast<std::size_t>(fine_) * static_cast<std::size_t>(fine_), 0.0);
  haematoxylin = eosin = open;
}

Image Slide::develop(const Stain& stain, double more_haematoxylin, RandomStream& draws) {
  for (std::size_t i = 0; i < open.size(); ++i) {
    haematoxylin[i] *= 1.0 - open[i];
    eosin[i] = std::max(0.0, eosin[i]) * (1.0 - open[i]);
  }
  set_mean(haematoxylin, std::exp(-1.17 + more_haematoxylin + 0.26 * draws.normal()));
  set_mean(eosin, std::exp(-1.25 + 0.2 * draws.normal()));
  Image image{size_, size_, 3, {}};
  const double sensor = draws.uniform(1.0, 4.0);
  for (int y = 0; y < size_; ++y) {
    for (int x = 0; x < size_; ++x) {
      double light[3] = {0.0, 0.0, 0.0};
      // Light adds up over the pixel and a rim around it: the blur of the optics.
      double weights = 0.0;
      for (int dy = -1; dy <= oversampling; ++dy) {
        for (int dx = -1; dx <= oversampling; ++dx) {
          const int fx = std::clamp(x * oversampling + dx, 0, fine_ - 1),
                    fy = std::clamp(y * oversampling + dy, 0, fine_ - 1);
          const double weight = (dx < 0 || dx == oversampling ? 0.5 : 1.0) * (dy < 0 || dy == oversampling ? 0.5 : 1.0);
          const std::size_t i = cell(fx, fy);
          for (int c = 0; c < 3; ++c)
            light[c] += weight * std::exp(-haematoxylin[i] * stain.haematoxylin[c] - eosin[i] * stain.eosin[c]);
          weights += weight;
        }
      }
      for (int c = 0; c < 3; ++c)
        image.pixels.push_back(static_cast<std::uint8_t>(
            std::lround(std::clamp(255.0 * stain.glass * light[c] / weights + sensor * draws.normal(), 0.0, 255.0))));
    }
  }
  return image;
}

Stain draw_stain(RandomStream draws) {
  constexpr double haematoxylin[3] = {1.45, 1.75, 0.95}, eosin[3] = {0.22, 1.35, 0.75};
  Stain stain{};
  const double strength = std::exp(0.15 * draws.normal()), balance = std::exp(0.18 * draws.normal());
  for (int c = 0; c < 3; ++c) {
    stain.haematoxylin[c] = haematoxylin[c] * strength * balance * std::exp(0.08 * draws.normal());
    stain.eosin[c] = eosin[c] * strength / balance * std::exp(0.13 * draws.normal());
  }
  stain.glass = draws.uniform(0.93, 0.98);
  return stain;
}

}  // namespace rxrun
