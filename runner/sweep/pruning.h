// Which points are worth going on with, judged while they run, from the others' values at the same epoch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rxrun {

struct PruneRule {
  enum class Kind {
    none,
    median,  // stops what is worse than the median (Golovin et al. 2017, "Google Vizier")
    // Successive halving (Jamieson and Talwalkar 2016, arXiv 1502.07943) without a barrier, by promotion (Li et al.
    // 2018, arXiv 1810.05934): every point waits at each rung, and the better half goes on.
    halving,
  };
  Kind kind = Kind::none;
  std::string metric = "validation_accuracy";
  bool maximize = true;
  std::vector<std::int64_t> rungs;  // epochs at which it looks, ascending
};

// The epochs at which the rule looks at runs of so many epochs. Halving: an eighth, a quarter and half of them, which
// makes 31 % of the epochs in all. Median: every epoch after the first eighth. The last epoch is none.
std::vector<std::int64_t> rungs_of(PruneRule::Kind kind, std::int64_t epochs);

// Whether to go on at once, by the best value that the point has had and those of the points that were here before.
// With the median the first four always go on; with halving none does.
bool goes_on(const PruneRule& rule, double own, const std::vector<double>& others);

// How many of so many points that have come to a rung of halving may go on from there. As long as some are still on
// their way, half, rounded down; then rounded up, so that a single one goes on.
std::size_t places_after_rung(std::size_t arrived, bool all_are_there);

}  // namespace rxrun
