#include "statistics/estimate.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace rxrun {
namespace {

using boost::math::complement;
using boost::math::students_t;

constexpr double kPower = 0.8;

students_t student(std::int64_t count) { return students_t(static_cast<double>(count - 1)); }

double standard_error(double deviation, std::int64_t count) {
  return deviation / std::sqrt(static_cast<double>(count));
}

}  // namespace

Estimate estimate(std::span<const double> values, double confidence) {
  Estimate result;
  result.count = static_cast<std::int64_t>(values.size());
  result.mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  if (values.size() < 2) return result;
  double squares = 0.0;
  for (double value : values) squares += (value - result.mean) * (value - result.mean);
  result.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  const double reach = quantile(complement(student(result.count), (1.0 - confidence) / 2.0)) *
                       standard_error(*result.deviation, result.count);
  result.interval = Interval{result.mean - reach, result.mean + reach};
  return result;
}

Interval wilson_interval(double share, double count) {
  constexpr double z = 1.959964;
  const double centre = share + z * z / (2 * count);
  const double spread = z * std::sqrt(share * (1 - share) / count + z * z / (4 * count * count));
  const double scale = 1 + z * z / count;
  return {(centre - spread) / scale, (centre + spread) / scale};
}

std::optional<double> p_value_of_zero_mean(const Estimate& estimate) {
  // Equal values differ in their last digits after subtraction; that is no spread.
  constexpr double kNoSpread = 1e-12;
  if (!estimate.deviation || *estimate.deviation <= kNoSpread * std::max(1.0, std::abs(estimate.mean)))
    return std::nullopt;
  const double t = std::abs(estimate.mean) / standard_error(*estimate.deviation, estimate.count);
  return 2.0 * cdf(complement(student(estimate.count), t));
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0.0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double corrected = static_cast<double>(order.size() - rank) * p_values[order[rank]];
    largest = std::max(largest, std::min(1.0, corrected));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

std::optional<std::int64_t> count_needed(double mean, double deviation, double significance, std::int64_t most) {
  const auto enough = [&](std::int64_t count) {
    const students_t distribution = student(count);
    const double t = std::abs(mean) / standard_error(deviation, count);
    return t >= quantile(complement(distribution, significance / 2.0)) + quantile(distribution, kPower);
  };
  if (mean == 0.0 || most < 2 || !enough(most)) return std::nullopt;
  std::int64_t too_few = 1, needed = most;
  while (needed - too_few > 1) {
    const std::int64_t middle = too_few + (needed - too_few) / 2;
    (enough(middle) ? needed : too_few) = middle;
  }
  return needed;
}

}  // namespace rxrun
