#include "planning/prune_rule.h"

#include <gmock/gmock.h>

namespace rxrun::test {
namespace {

using Kind = PruneRule::Kind;

SweepPlan plan_of(const std::string& metric, const std::string& other) {
  SweepPlan plan;
  for (const std::string& one : {metric, other}) {
    PlannedPoint& point = plan.points.emplace_back();
    point.metric = one;
    point.maximize = false;
  }
  plan.points[0].epochs = 4;
  plan.points[1].epochs = 16;
  return plan;
}

TEST(PruneRuleOfAPlan, ComparesByTheMetricOfThePointsOverTheLongestOfThem) {
  const PruneRule rule = prune_rule(Kind::halving, plan_of("validation_loss", "validation_loss"));
  EXPECT_EQ(rule.kind, Kind::halving);
  EXPECT_EQ(rule.metric, "validation_loss");
  EXPECT_FALSE(rule.maximize);
  EXPECT_EQ(rule.rungs, rungs_of(Kind::halving, 16));
}

TEST(PruneRuleOfAPlan, RefusesPointsThatWatchDifferentMetrics) {
  EXPECT_THROW(prune_rule(Kind::median, plan_of("validation_loss", "validation_auc")), Error);
  EXPECT_EQ(prune_rule(Kind::none, plan_of("validation_loss", "validation_auc")).kind, Kind::none);
}

}  // namespace
}  // namespace rxrun::test
