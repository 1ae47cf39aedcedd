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
  std::string content_hash, split;  // the images, and how they were divided; empty content: the seed generates them
  std::vector<Value> keys;
  Observations values;  // by seed and split; a seed that was run more than once counts once, with the mean
  Estimate estimate;
  std::set<std::string> configurations;  // more than one: something besides seed and keys differs within the group
  double best = 0.0;
  std::int64_t best_run = 0;
};

// The best mean first. Runs of other experiments, of other images or of images that were divided otherwise, and runs on
// generated data, are groups of their own. The intervals keep to the metric's range.
std::vector<SeedGroup> group_seeds(const SeedValues& values, const std::string& metric);

// Whether what two groups were scored on allows to compare them, whatever their experiments are called: the same
// images, divided by the same rule or, for a seed at least, the same. With `images_vary` the images may be others;
// seeds are still paired over equal splits only.
bool comparable(const SeedGroup& a, const SeedGroup& b, bool images_vary);

// Every two groups that are comparable, by their places in `groups`; the better one is `group`.
std::vector<PairedComparison> compare_groups(const std::vector<SeedGroup>& groups, const std::string& metric,
                                             bool images_vary);

// "cardinality 32", "cardinality 32, base_width 4"
std::string label_of(const SeedGroup& group, const std::vector<std::string>& keys);

// "cardinality 32 over 8: +1.2 points, 95 % interval [-0.4, 2.9], 5 seeds, not settled; about 6 more seeds would"; with
// the experiments, where `groups` are of several and it is not by them: "plain, cardinality 32 over 8", "plain,
// cardinality 32 over wide, cardinality 8"
std::string in_words(const PairedComparison& comparison, const std::vector<SeedGroup>& groups,
                     const std::vector<std::string>& keys, const std::string& metric);

}  // namespace rxrun
