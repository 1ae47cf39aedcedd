// What a split has to obey whatever the data is. Said here once: whoever draws a split of a checked experiment trusts
// it.
#pragma once

#include <string>
#include <vector>

#include "experiment/experiment.h"

namespace rxrun {

// So far may the sum of fractions be from what it means: 0.7, 0.2 and 0.1 do not add up to 1 in binary.
inline constexpr double split_tolerance = 1e-6;

// Whether sources call their parts so, in any case: train, val, test, what is usual for them (training, valid, dev,
// testing, holdout, eval, ...), and these with a word such as `set` or `images` or a year (`seg_train`, `val2017`).
bool is_part_name(const std::string& name);

// One name for the spellings of a part: "train", "val" or "test", and "eval" where it is not said which of the last two
// is meant. What is no part name stays as it is.
std::string canonical_part(const std::string& part);

// Whether a source that calls a part so means the one that results are published on: nobody should choose by it.
bool is_test_part(const std::string& part);

struct SplitFault {
  std::string part;  // "train", "validation" or "test"; empty: the split as a whole
  std::string message, advice;
};

// Each fraction is taken to be in (0, 1], as the keys declare it. Two parts have to be different ones, the fractions
// are to add up to 1 at most, and those that are drawn from a named `train` to leave some of it.
std::vector<SplitFault> split_faults(const SplitSpec& split);

}  // namespace rxrun
