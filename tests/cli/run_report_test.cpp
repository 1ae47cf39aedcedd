// What a run tells, of events that a test makes up.
#include "cli/run_report.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rxrun {
namespace {

using testing::HasSubstr;

// What is printed by a reporter of a run of `experiment` that `tell` tells of.
std::string told(const std::function<void(RunReporter&, const StartedRun&)>& tell, const CommonOptions& common = {},
                 const Experiment& experiment = {}) {
  const Network network;
  const Dataset dataset;
  const Machine machine;
  const StartedRun run{.id = 7,
                       .name = "tiny",
                       .folder = testing::TempDir(),
                       .experiment = experiment,
                       .network = network,
                       .dataset = dataset,
                       .machine = machine};
  testing::internal::CaptureStdout();
  {
    Console console(common);
    RunReporter reporter(console, common.results);
    tell(reporter, run);
  }
  return testing::internal::GetCapturedStdout();
}

std::string interrupted(const Reached& reached) {
  TrainingResult result;
  result.end = TrainingResult::End::interrupted;
  result.reached = reached;
  return told([&](RunReporter& reporter, const StartedRun& run) { reporter.on_end(run, result); });
}

std::string resumed(const Reached& reached) {
  return told([&](RunReporter& reporter, const StartedRun&) { reporter.on_resume(reached); });
}

TEST(RunReport, SaysHowFarAnInterruptedRunCame) {
  EXPECT_THAT(interrupted({0, 21, 76}), HasSubstr("Interrupted in epoch 1, after batch 21 of 76;"));
  EXPECT_THAT(interrupted({1, 21, 76}), HasSubstr("Interrupted in epoch 2, after batch 21 of 76;"));
  EXPECT_THAT(interrupted({3, 0, 76}), HasSubstr("Interrupted after epoch 3;"));
  EXPECT_THAT(interrupted({0, 0, 76}), HasSubstr("Interrupted before the first batch;"));
  EXPECT_THAT(resumed({0, 21, 76}), HasSubstr("continues in epoch 1, after batch 21 of 76"));
  EXPECT_THAT(resumed({3, 0, 76}), HasSubstr("continues after epoch 3"));
  EXPECT_THAT(resumed({0, 0, 76}), HasSubstr("starts over"));
}

// The end of a run whose test part is left alone and whose kept weights are those of epoch 3.
std::string ended(const BestAccuracy& best, const CommonOptions& common = {}) {
  TrainingResult result;
  result.reached = {3, 0, 76};
  result.best_epoch = 3;
  result.best = {{"validation_accuracy", 0.625}};
  result.best_accuracy = best;
  return told([&](RunReporter& reporter, const StartedRun& run) { reporter.on_end(run, result); }, common);
}

TEST(RunReport, HasTheBestValidationAccuracyWhicheverWeightsAreKept) {
  EXPECT_THAT(ended({.epoch = 3, .value = 0.625}),
              HasSubstr("\nBest validation accuracy: 62.50% in epoch 3, whose weights are kept\n"));
  EXPECT_THAT(ended({.epoch = 2, .value = 0.75}),
              HasSubstr("\nBest validation accuracy: 75.00% in epoch 2; 62.50% in epoch 3, whose weights are kept\n"));
  EXPECT_THAT(ended({}), HasSubstr("\nBest validation accuracy: none of the epochs has one\n"));

  CommonOptions json;
  json.format = TableFormat::json;
  const nlohmann::json event = nlohmann::json::parse(ended({.epoch = 2, .value = 0.75}, json));
  EXPECT_EQ(event["event"], "end");
  EXPECT_EQ(event["best_epoch"], 3);
  EXPECT_EQ(event["best_validation_accuracy"], 0.75);
  EXPECT_EQ(event["best_validation_accuracy_epoch"], 2);
  EXPECT_FALSE(nlohmann::json::parse(ended({}, json)).contains("best_validation_accuracy"));
}

TEST(RunReport, SaysThatTheTestPartWasNotScored) {
  CommonOptions elsewhere;
  elsewhere.results = "there";
  EXPECT_THAT(ended({}), HasSubstr("\nThe test part was not scored; to score it: rxrun evaluate 7\n"));
  EXPECT_THAT(ended({}, elsewhere), HasSubstr("; to score it: rxrun evaluate 7 --results there\n"));
  CommonOptions quiet;
  quiet.quiet = true;
  EXPECT_EQ(ended({}, quiet), "The test part was not scored\n");
}

}  // namespace
}  // namespace rxrun
