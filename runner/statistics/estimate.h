// What a few values say of the mean that many would have.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rxrun {

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

struct Estimate {
  std::int64_t count = 0;
  double mean = 0.0;
  std::optional<double> deviation;   // sample standard deviation; one value has none
  std::optional<Interval> interval;  // of the mean, by Student's t; needs a deviation
};

// `values` are finite and at least one.
Estimate estimate(std::span<const double> values, double confidence = 0.95);

// Wilson's score interval of a share of `count` things, at 95 %: holds near 0 and 1 and for few (Wilson 1927).
Interval wilson_interval(double share, double count);

// Two-sided p-value of "the mean is zero" by Student's t. Nothing without a deviation, or when all values are the same:
// then there is no spread to judge by.
std::optional<double> p_value_of_zero_mean(const Estimate& estimate);

// Holm's correction for looking at several p-values at once (1979); in the order given. Any of them that is below 0.05
// afterwards may be believed, all together with an error of at most 0.05.
std::vector<double> holm(std::span<const double> p_values);

// The smallest number of values with which a mean and a deviation like these would be told from zero at `significance`,
// in four of five repetitions. Nothing when `most` would not do.
std::optional<std::int64_t> count_needed(double mean, double deviation, double significance, std::int64_t most);

}  // namespace rxrun
