#include "table/fixed.h"

#include <fmt/format.h>

#include <cmath>

namespace rxrun {

std::string fixed(double number, int decimals) {
  constexpr double exact_up_to = 1e12;  // beyond, there are no halves left to decide
  constexpr double noise = 1e-12;       // relative: what a few operations leave
  const double scale = std::pow(10.0, decimals);
  const double scaled = number * scale;
  if (!std::isfinite(scaled) || std::abs(scaled) > exact_up_to) return fmt::format("{:.{}f}", number, decimals);
  const double whole = std::round(scaled * (1.0 + noise));
  return fmt::format("{:.{}f}", (whole == 0.0 ? 0.0 : whole) / scale, decimals);  // and not -0.00
}

}  // namespace rxrun
