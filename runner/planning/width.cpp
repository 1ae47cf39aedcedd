#include "planning/width.h"

#include <fmt/format.h>

#include <cstdlib>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

constexpr std::int64_t widest = 1 << 14;

std::vector<std::string> words_of(const std::vector<Override>& overrides) {
  std::vector<std::string> words;
  for (const Override& change : overrides) words.push_back(change.path + "=" + change.value);
  return words;
}

}  // namespace

std::int64_t WidthSolver::parameters_of(const Point& point, std::int64_t value) {
  std::vector<std::string> words = words_of(point.overrides);
  words.push_back(fmt::format("{}={}", point.solve, value));
  try {
    return parameters_(check_experiment({.file = point.file, .overrides = words}));
  } catch (const Error& error) {
    if (error.failure() != Failure::usage) throw;
    refusal_ = error;
    return 0;
  }
}

std::int64_t WidthSolver::wanted(const Point& point) {
  const auto [found, is_new] = wanted_.try_emplace(point.file.string(), 0);
  if (is_new) {
    const std::vector<Override> fixed(point.overrides.begin(),
                                      point.overrides.begin() + static_cast<std::ptrdiff_t>(point.fixed));
    found->second = parameters_(check_experiment({.file = point.file, .overrides = words_of(fixed)}));
  }
  return found->second;
}

Point WidthSolver::solve(const Point& point) {
  if (point.solve.empty()) return point;
  const std::int64_t goal = wanted(point);
  // The number grows with the width: double it until it is too much, then halve the interval.
  std::int64_t low = 1, high = 2;
  std::int64_t at_low = parameters_of(point, low), at_high = parameters_of(point, high);
  const std::int64_t at_wide = parameters_of(point, widest / 64);
  if (at_low == 0 && at_wide == 0) throw *refusal_;
  if (at_low == at_wide)
    throw Error(Failure::usage, fmt::format("`{}` does not change the number of parameters", printable(point.solve)),
                "blocks whose width_rule is `planes` ignore base_width: set network.width_rule=paper to use it");
  while (at_high < goal && high < widest) {
    low = high;
    at_low = at_high;
    at_high = parameters_of(point, high *= 2);
  }
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    const std::int64_t count = parameters_of(point, middle);
    (count < goal ? low : high) = middle;
    (count < goal ? at_low : at_high) = count;
  }
  const bool lower = at_low > 0 && std::llabs(at_low - goal) <= std::llabs(at_high - goal);
  const std::int64_t value = lower ? low : high, count = lower ? at_low : at_high;
  if (count == 0) throw *refusal_;
  const double off = static_cast<double>(count - goal) / static_cast<double>(goal);
  std::string words;
  for (std::size_t i = point.fixed; i < point.overrides.size(); ++i)
    words += fmt::format("{}={}, ", point.overrides[i].path, point.overrides[i].value);
  notes_.push_back(fmt::format("{}{}={}: {} parameters, {:+.1f} % from the declared {}", printable(words),
                               printable(point.solve), value, count, 100.0 * off, goal));
  Point solved = point;
  solved.overrides.push_back({point.solve, std::to_string(value)});
  solved.solve.clear();
  return solved;
}

}  // namespace rxrun
