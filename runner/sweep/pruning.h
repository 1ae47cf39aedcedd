// Which points are worth going on with, judged while they run, from the others' values at the same epoch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rxrun {

struct PruneRule {
  enum class Kind {
    none,
    median,   // stops what is worse than the median (Golovin et al. 2017, "Google Vizier")
    halving,  // asynchronous successive halving, stopping variant (Li et al. 2018, arXiv 1810.05934): keeps a third
  };
  Kind kind = Kind::none;
  std::string metric = "test_accuracy";
  bool maximize = true;
  std::vector<std::int64_t> rungs;  // epochs at which it looks, ascending
};

// The epochs at which the rule looks at runs of so many epochs. Halving: a ninth and a third of them. Median: every
// epoch after the first eighth. The last epoch is none.
std::vector<std::int64_t> rungs_of(PruneRule::Kind kind, std::int64_t epochs);

// Whether to go on, by the best value that the point has had and those of the points that were here before. The first
// ones always go on: with halving until there are three, with the median until there are five.
bool goes_on(const PruneRule& rule, double own, const std::vector<double>& others);

}  // namespace rxrun
