#include "experiment/metric.h"

#include <algorithm>

namespace rxrun {
namespace {

const Score* score_of(std::string_view metric) {
  const auto found = std::find_if(all_scores.begin(), all_scores.end(),
                                  [&](const Score& score) { return metric.ends_with(score.name); });
  return found == all_scores.end() ? nullptr : &*found;
}

}  // namespace

bool larger_is_better(std::string_view metric) {
  const Score* score = score_of(metric);
  return score == nullptr || score->larger_is_better;
}

bool is_share(std::string_view metric) {
  const Score* score = score_of(metric);
  return score != nullptr && score->is_share;
}

MetricRange range_of(std::string_view metric) {
  const Score* score = score_of(metric);
  return score ? MetricRange{.least = 0.0, .most = score->most} : MetricRange{};
}

}  // namespace rxrun
