// Finished runs grouped over their seeds by what the user compares: the part of `best --by` that is a value.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "recording/query.h"
#include "statistics/paired.h"

namespace rxrun {

struct SeedGroup {
  std::string experiment;
  bool generated_data = false;
  std::vector<Value> keys;
  Observations values;  // by seed and split; a seed that was run more than once counts once, with the mean
  Estimate estimate;
  std::set<std::string> configurations;  // more than one: something besides seed and keys differs within the group
  double best = 0.0;
  std::int64_t best_run = 0;
};

// The best mean first. Runs of other experiments, and runs on generated data, are groups of their own.
std::vector<SeedGroup> group_seeds(const SeedValues& values, bool less_is_better);

// Every two groups of the same experiment and kind of data, by their places in `groups`; the better one is `group`.
std::vector<PairedComparison> compare_groups(const std::vector<SeedGroup>& groups, bool less_is_better);

// "cardinality 32", "cardinality 32, base_width 4"
std::string label_of(const SeedGroup& group, const std::vector<std::string>& keys);

// "cardinality 32 over 8: +1.2 points, 95 % interval [-0.4, 2.9], 5 seeds, not settled; about 6 more seeds would"
std::string in_words(const PairedComparison& comparison, const std::vector<SeedGroup>& groups,
                     const std::vector<std::string>& keys, const std::string& metric);

}  // namespace rxrun
