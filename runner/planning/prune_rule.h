// The rule that stops points of a sweep while they run, for the epochs and the metric of its plan.
#pragma once

#include "planning/plan.h"
#include "sweep/pruning.h"

namespace rxrun {

// Throws Error when the points keep their best by different metrics.
PruneRule prune_rule(PruneRule::Kind kind, const SweepPlan& plan);

}  // namespace rxrun
