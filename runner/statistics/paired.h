// Is one group better than another? Compared where they are comparable: over equal seeds and splits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "statistics/estimate.h"

namespace rxrun {

// Values by what pairs them: seed and split, as one text.
using Observations = std::map<std::string, double>;

struct PairedComparison {
  std::size_t group = 0, other = 0;  // places in the list of groups
  Estimate difference;               // of group less other over what both have; count 0: nothing
  std::optional<double> p_value;     // that there is no difference, corrected by Holm for all the comparisons made
  bool settled = false;              // p_value below 0.05
  std::optional<std::int64_t> more;  // pairs that would probably settle it beyond those that there are
};

// Every two groups, in order: (0, 1), (0, 2), ..., (1, 2), ...
std::vector<PairedComparison> compare_paired(std::span<const Observations> groups);

}  // namespace rxrun
