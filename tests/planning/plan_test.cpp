#include "planning/plan.h"

#include <csignal>

#include "planning.h"

namespace rxrun::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(Planning, TellsItsObserverAndPrintsNothing) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  SweepPlanner planner({}, observer);
  const SweepPlan plan = planner.plan_all({point({{"lr", "1e-2"}}), point({{"lr", "1e-3"}}), point({{"lr", "0.01"}})});
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(observer.told, ElementsAre("point 1 of 3", "point 2 of 3", "point 3 of 3", "planned"));

  ASSERT_EQ(plan.points.size(), 2u);
  EXPECT_EQ(plan.expected, 2u);
  EXPECT_THAT(plan.warnings, Contains("1 point is identical to others and counts only once"));
  EXPECT_THAT(plan.warnings, Contains(HasSubstr("GENERATED")));
  EXPECT_EQ(in_words(plan.points[1], varying_keys(plan.points), false), "lr=0.001");
  EXPECT_EQ(plan.points[0].parameters, plan.points[1].parameters);
  EXPECT_FALSE(std::filesystem::exists(place.results()));
}

TEST_F(Planning, FaultsOfAllPointsAreToldTogetherAfterTheLast) {
  SweepPlanner planner({}, observer);
  try {
    planner.plan_all({point({{"batch", "0"}}), point({{"lr", "1e-3"}}), point({{"epochs", "0"}})});
    FAIL() << "two points cannot be built";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().size(), 2u);
  }
  EXPECT_THAT(observer.told, ElementsAre("point 1 of 3", "point 2 of 3", "point 3 of 3", "planned"));
}

TEST_F(Planning, PointsAreComparedByTheMetricWhicheverEpochIsKept) {
  SweepPlanner planner({}, observer);
  const PlannedPoint best = planner.plan(point({{"keep_best.metric", "validation_loss"}}));
  const PlannedPoint last =
      planner.plan(point({{"keep_best.metric", "validation_loss"}, {"keep_best.weights", "last"}}));
  for (const PlannedPoint* one : {&best, &last}) {
    EXPECT_EQ(one->metric, "validation_loss");
    EXPECT_FALSE(one->maximize);
  }
  EXPECT_FALSE(best.keeps_last_epoch);
  EXPECT_TRUE(last.keeps_last_epoch);
  EXPECT_NE(best.identity, last.identity);
}

TEST_F(Planning, WhatTheFirstEpochWouldFindIsToldBefore) {
  SweepPlanner planner({}, observer);
  try {
    planner.plan_all({point({{"class_weights", "[1, 2, 3]"}}), point({{"lr", "1e-3"}})});
    FAIL() << "there are two classes";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("class_weights has 3 values, the data has 2 classes"));
  }
  SweepPlanner another({}, observer);
  EXPECT_THAT(another.plan_all({point({{"batch", "100"}})}).warnings,
              Contains(HasSubstr("data.batch is 100, but the training part has 36 images")));
}

TEST_F(Planning, WhatAPointSetsIsRecordedAsWhatItIs) {
  SweepPlanner planner({}, observer);
  const PlannedPoint planned = planner.plan(point({{"description", "'007'"},
                                                   {"data.augment.horizontal_flip", "true"},
                                                   {"normalize", "{mean: [0.5], deviation: [0.25]}"},
                                                   {"epochs", "3"},
                                                   {"lr", "1e-2"}}));
  const std::string json = settings_json(planned);
  for (const char* setting : {R"("description":"007")", R"("data.augment.horizontal_flip":true)",
                              R"("data.normalize.mean":[0.5])", R"("training.epochs":3)", R"(.lr":0.01)"})
    EXPECT_THAT(json, HasSubstr(setting));
}

TEST_F(Planning, AChoiceIsOneSetting) {
  SweepPlanner planner({}, observer);
  const SweepPlan plan = planner.plan_all({point({{"optimizer", "adam"}}), point({{"optimizer", "sgd"}})});
  EXPECT_EQ(settings_json(plan.points[0]), R"({"training.optimizer":"adam"})");
  EXPECT_EQ(varying_keys(plan.points), std::vector<std::string>{"training.optimizer"});
  EXPECT_EQ(in_words(plan.points[1], varying_keys(plan.points), false), "optimizer=sgd");
  const auto set = [&](const std::vector<Override>& words) { return settings_json(planner.plan(point(words))); };
  EXPECT_EQ(set({{"lr", "0.1"}}), R"({"training.optimizer.adam.lr":0.1})") << "the kind was not chosen";
  EXPECT_EQ(set({{"sgd.lr", "0.1"}}), R"({"training.optimizer":"sgd","training.optimizer.sgd.lr":0.1})");
  EXPECT_EQ(set({{"optimizer", "{sgd: {momentum: 0.5}}"}}),
            R"({"training.optimizer":"sgd","training.optimizer.sgd.momentum":0.5})");
  EXPECT_EQ(set({{"schedule", "cosine"}, {"warm_up", "2"}}),
            R"({"training.schedule":"cosine","training.schedule.cosine.warm_up":2.0})");
  EXPECT_EQ(set({{"stem", "[{conv: {channels: 8, kernel: 3}}, relu]"}}),
            R"({"network.stem":[{"conv":{"channels":8,"kernel":3}},"relu"]})");
  EXPECT_EQ(set({{"early_stopping", "null"}}), R"({"training.early_stopping":null})");
}

TEST_F(Planning, ASignalEndsTheReadingOfImages) {
  const std::atomic<int> stop{SIGTERM};
  SweepPlanner planner({}, observer, &stop);
  try {
    planner.plan_all({point({}), point({{"lr", "1e-3"}})});
    FAIL() << "it was asked to stop";
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.failure()), 128 + SIGTERM);
  }
}

}  // namespace
}  // namespace rxrun::test
