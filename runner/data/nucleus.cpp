#include "data/nucleus.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rxrun {

Nucleus epithelial_nucleus(double x, double y, double degree, RandomStream& draws) {
  Nucleus nucleus{};
  const double spread = mix(0.08, 0.36, degree);
  nucleus.x = x;
  nucleus.y = y;
  nucleus.radius = mix(1.75, 2.65, degree) * std::clamp(std::exp(spread * draws.normal()), 0.5, 2.0);
  nucleus.elongation = 1.0 + std::abs(mix(0.12, 0.4, degree) * draws.normal());
  nucleus.angle = draws.uniform(0.0, 2.0 * std::numbers::pi);
  for (int k = 0; k < 3; ++k) {
    nucleus.lobes[k] = mix(0.02, 0.13, degree) * std::abs(draws.normal()) / (k + 1.0);
    nucleus.phases[k] = draws.uniform(0.0, 2.0 * std::numbers::pi);
  }
  nucleus.darkness = 0.85 * std::exp(mix(0.08, 0.28, degree) * draws.normal());
  nucleus.clumping = mix(0.15, 0.6, degree) * draws.uniform(0.5, 1.5);
  nucleus.rim = mix(0.1, 0.45, degree) * draws.uniform(0.3, 1.4);
  return nucleus;
}

void paint_nucleus(const Nucleus& nucleus, const Noise& grain, Slide& slide) {
  constexpr int oversampling = Slide::oversampling;
  const double cosine = std::cos(nucleus.angle), sine = std::sin(nucleus.angle),
               stretch = std::sqrt(nucleus.elongation);
  const double reach = nucleus.radius * stretch * 1.5 + 1.0;
  const auto low = [&](double at) { return std::max(0, static_cast<int>((at - reach) * oversampling)); };
  const auto high = [&](double at) {
    return std::min(slide.fine() - 1, static_cast<int>((at + reach) * oversampling));
  };
  for (int y = low(nucleus.y); y <= high(nucleus.y); ++y) {
    for (int x = low(nucleus.x); x <= high(nucleus.x); ++x) {
      const double dx = (x + 0.5) / oversampling - nucleus.x, dy = (y + 0.5) / oversampling - nucleus.y;
      const double u = (cosine * dx + sine * dy) / stretch, v = (cosine * dy - sine * dx) * stretch;
      const double at = std::atan2(v, u);
      double outline = nucleus.radius;
      for (int k = 0; k < 3; ++k) outline *= 1.0 + nucleus.lobes[k] * std::cos((k + 2) * at + nucleus.phases[k]);
      const double rho = std::hypot(u, v) / outline, soft = 0.35 / outline;
      const double inside = 1.0 - ramp(1.0 - soft, 1.0 + soft, rho);
      if (inside <= 0.0) continue;
      double chromatin = 1.0 - nucleus.rim * (1.0 - ramp(0.45, 0.95, rho));
      chromatin += nucleus.clumping * (grain.at(nucleus.x * 3.1 + dx * 0.9, nucleus.y * 2.3 + dy * 0.9) - 0.5);
      const std::size_t i = slide.cell(x, y);
      slide.haematoxylin[i] = std::max(slide.haematoxylin[i], inside * nucleus.darkness * std::max(0.2, chromatin));
      slide.open[i] *= 1.0 - inside;
    }
  }
}

}  // namespace rxrun
