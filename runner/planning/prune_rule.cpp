#include "planning/prune_rule.h"

#include <fmt/format.h>

#include <algorithm>

namespace rxrun {

PruneRule prune_rule(PruneRule::Kind kind, const SweepPlan& plan) {
  PruneRule rule;
  if (kind == PruneRule::Kind::none) return rule;
  rule.kind = kind;
  rule.metric = plan.points.front().metric;
  rule.maximize = plan.points.front().maximize;
  std::int64_t epochs = 0;
  for (const PlannedPoint& point : plan.points) {
    epochs = std::max(epochs, point.epochs);
    if (point.metric != rule.metric)
      throw Error(Failure::usage,
                  fmt::format("points cannot be compared while they run: one keeps its best by {}, another by {}",
                              rule.metric, point.metric),
                  "use the same training.keep_best.metric for all of them, or leave out --prune");
  }
  rule.rungs = rungs_of(rule.kind, epochs);
  return rule;
}

}  // namespace rxrun
