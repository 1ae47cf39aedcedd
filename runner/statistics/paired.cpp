#include "statistics/paired.h"

#include <algorithm>

namespace rxrun {
namespace {

constexpr double kSignificance = 0.05;
constexpr std::int64_t kMostPairs = 1000;  // nobody runs more; a difference that small is no difference

std::vector<double> differences(const Observations& group, const Observations& other) {
  std::vector<double> list;
  for (const auto& [key, value] : group)
    if (const auto found = other.find(key); found != other.end()) list.push_back(value - found->second);
  return list;
}

}  // namespace

std::vector<PairedComparison> compare_paired(std::span<const Observations> groups) {
  std::vector<PairedComparison> comparisons;
  std::vector<std::size_t> tested;
  std::vector<double> p_values;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    for (std::size_t other = group + 1; other < groups.size(); ++other) {
      PairedComparison& comparison = comparisons.emplace_back();
      comparison.group = group;
      comparison.other = other;
      const std::vector<double> pairs = differences(groups[group], groups[other]);
      if (!pairs.empty()) comparison.difference = estimate(pairs);
      if (const auto p = p_value_of_zero_mean(comparison.difference)) {
        tested.push_back(comparisons.size() - 1);
        p_values.push_back(*p);
      }
    }
  }
  const std::vector<double> adjusted = holm(p_values);
  for (std::size_t i = 0; i < tested.size(); ++i) {
    PairedComparison& comparison = comparisons[tested[i]];
    comparison.p_value = adjusted[i];
    comparison.settled = adjusted[i] < kSignificance;
    if (comparison.settled) continue;
    const Estimate& difference = comparison.difference;
    // At the level that the strictest of the corrections asks for.
    const auto needed = count_needed(difference.mean, *difference.deviation,
                                     kSignificance / static_cast<double>(tested.size()), kMostPairs);
    if (needed) comparison.more = std::max<std::int64_t>(1, *needed - difference.count);
  }
  return comparisons;
}

}  // namespace rxrun
