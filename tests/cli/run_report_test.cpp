// What a run tells, of events that a test makes up.
#include "cli/run_report.h"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace rxrun
