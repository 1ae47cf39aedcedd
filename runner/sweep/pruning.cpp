#include "sweep/pruning.h"

#include <algorithm>

namespace rxrun {
namespace {

constexpr std::size_t least_others = 4;  // for a median

}  // namespace

std::vector<std::int64_t> rungs_of(PruneRule::Kind kind, std::int64_t epochs) {
  std::vector<std::int64_t> rungs;
  if (kind == PruneRule::Kind::halving) {
    // Half at each of three rungs, rather than a third at two: pruning_test.cpp compares them.
    for (const std::int64_t part : {8, 4, 2}) {
      const std::int64_t epoch = std::max<std::int64_t>(1, (epochs + part / 2) / part);
      if (epoch < epochs && (rungs.empty() || epoch > rungs.back())) rungs.push_back(epoch);
    }
  } else if (kind == PruneRule::Kind::median) {
    for (std::int64_t epoch = std::max<std::int64_t>(1, epochs / 8); epoch < epochs; ++epoch) rungs.push_back(epoch);
  }
  return rungs;
}

bool goes_on(const PruneRule& rule, double own, const std::vector<double>& others) {
  const auto better = [&](double a, double b) { return rule.maximize ? a > b : a < b; };
  if (rule.kind == PruneRule::Kind::halving) return false;
  if (rule.kind != PruneRule::Kind::median || others.size() < least_others) return true;
  std::vector<double> sorted = others;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  const double median = sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return !better(median, own);
}

std::size_t places_after_rung(std::size_t arrived, bool all_are_there) {
  return (arrived + (all_are_there ? 1 : 0)) / 2;
}

}  // namespace rxrun
