// The part of `rxrun best` that compares groups of seeds.
#pragma once

#include "cli/results_options.h"

namespace rxrun {

int run_best_groups(const BestOptions& options);

}  // namespace rxrun
