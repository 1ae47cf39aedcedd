#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "../cli/program.h"
#include "recording/query.h"
#include "run/run.h"

namespace rxrun::test {
namespace {

using ::testing::ElementsAre;

// Writes down what it is told, without the warnings and the steps.
class Told : public RunObserver {
 public:
  void on_record(const RunRecord& record) override { told.push_back("record " + record.experiment); }
  void on_existing(const ExistingRun&, const Experiment&) override { told.push_back("existing"); }
  void on_start(const StartedRun& run) override { told.push_back(run.continues ? "continue" : "start"); }
  void on_resume(const Reached& reached) override {
    told.push_back("resume after " + std::to_string(reached.epochs));
    if (reached.batches > 0)
      told.back() +=
          ", " + std::to_string(reached.batches) + " of " + std::to_string(reached.batches_per_epoch) + " batches";
  }
  void on_epoch(const EpochMetrics& metrics) override { told.push_back("epoch " + std::to_string(metrics.epoch)); }
  void on_end(const StartedRun&, const TrainingResult& result) override {
    told.push_back("end after " + std::to_string(result.reached.epochs));
  }

  std::vector<std::string> told;
};

class RunExperiment : public ::testing::Test {
 protected:
  RunExperiment() {
    setenv("RXRUN_LIBEXEC", RXRUN_TEST_LIBEXEC, 1);
    place.write("tiny.yaml", tiny_experiment(2));
    request.results = place.results();
    request.file = "tiny.yaml";
  }
  RunOutcome run(RunObserver& observer) const {
    return run_experiment(check_experiment({.file = place.folder() / "tiny.yaml", .overrides = {}}), request, observer);
  }
  Table rows(const std::string& sql) const { return query(place.results() / "results.db", sql); }

  Workplace place;
  RunRequest request;
};

TEST_F(RunExperiment, TellsItsObserverAndPrintsNothing) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Told first, second;
  const RunOutcome outcome = run(first);
  const RunOutcome again = run(second);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");

  EXPECT_EQ(outcome.end, RunOutcome::End::finished);
  EXPECT_THAT(first.told, ElementsAre("record tiny", "start", "epoch 1", "epoch 2", "end after 2"));
  EXPECT_EQ(again.end, RunOutcome::End::existing);
  EXPECT_EQ(again.run, outcome.run);
  EXPECT_THAT(second.told, ElementsAre("existing"));
  EXPECT_THAT(rows("SELECT status, epochs FROM v_runs").rows,
              ElementsAre(ElementsAre(Value("finished"), Value(std::int64_t{2}))));
}

TEST_F(RunExperiment, WhatTheFirstEpochWouldFindLeavesNoRunBehind) {
  Told told;
  for (const char* word : {"class_weights=[1, 2, 3]", "data.split={train: 0.6, validation: 0.02, test: 0.2}"}) {
    try {
      run_experiment(check_experiment({.file = place.folder() / "tiny.yaml",
                                       .overrides = {word, "keep_best.metric=validation_auc"}}),
                     request, told);
      ADD_FAILURE() << word;
    } catch (const Error& error) {
      EXPECT_EQ(error.failure(), Failure::usage);
      EXPECT_THAT(error.what(), ::testing::AnyOf(::testing::HasSubstr("the data has 2 classes"),
                                                 ::testing::HasSubstr("validation has no image of one")));
    }
  }
  EXPECT_TRUE(told.told.empty());
  EXPECT_FALSE(std::filesystem::exists(place.results() / "results.db"));
}

TEST_F(RunExperiment, StopsWhenAskedAndContinues) {
  struct Stopping : Told {
    void on_epoch(const EpochMetrics& metrics) override {
      Told::on_epoch(metrics);
      stop = SIGTERM;
    }
    std::atomic<int> stop{0};
  } stopping;
  request.stop = &stopping.stop;
  const RunOutcome outcome = run(stopping);
  EXPECT_EQ(outcome.end, RunOutcome::End::interrupted);
  EXPECT_EQ(outcome.signal, SIGTERM);
  EXPECT_THAT(rows("SELECT status, reason FROM v_runs").rows,
              ElementsAre(ElementsAre(Value("interrupted"), Value("stopped by signal 15"))));

  request.stop = nullptr;
  Told rest;
  const RunOutcome finished = run(rest);
  EXPECT_EQ(finished.end, RunOutcome::End::finished);
  EXPECT_EQ(finished.run, outcome.run);
  EXPECT_THAT(rest.told, ElementsAre("record tiny", "continue", "resume after 1, 1 of 5 batches", "epoch 1", "epoch 2",
                                     "end after 2"));
  EXPECT_THAT(rows("SELECT epoch FROM v_curves ORDER BY epoch").rows,
              ElementsAre(ElementsAre(Value(std::int64_t{1})), ElementsAre(Value(std::int64_t{2}))));
}

TEST_F(RunExperiment, StoppedWithinAnEpochItSaysSoAndItsTimeCounts) {
  struct Stopping : Told {
    void on_step(const StepProgress&) override { stop = SIGTERM; }
    std::atomic<int> stop{0};
  } stopping;
  request.stop = &stopping.stop;
  EXPECT_EQ(run(stopping).end, RunOutcome::End::interrupted);
  EXPECT_THAT(rows("SELECT epochs, seconds > 0 FROM v_runs").rows,
              ElementsAre(ElementsAre(Value(std::int64_t{0}), Value(std::int64_t{1}))));

  request.stop = nullptr;
  Told rest;
  EXPECT_EQ(run(rest).end, RunOutcome::End::finished);
  EXPECT_THAT(rest.told, ElementsAre("record tiny", "continue", "resume after 0, 1 of 5 batches", "epoch 1", "epoch 2",
                                     "end after 2"));
}

TEST_F(RunExperiment, AnObserverThatRefusesTheRecordLeavesNoRun) {
  struct Refusing : Told {
    void on_record(const RunRecord&) override { throw std::runtime_error("not this one"); }
  } refusing;
  EXPECT_THROW(run(refusing), std::runtime_error);
  EXPECT_THAT(rows("SELECT id FROM runs").rows, ElementsAre());
}

TEST_F(RunExperiment, AnObserverThatThrowsLaterFailsTheRun) {
  struct Tired : Told {
    void on_epoch(const EpochMetrics&) override { throw Error(Failure::run, "seen enough"); }
  } tired;
  EXPECT_THROW(run(tired), Error);
  EXPECT_THAT(rows("SELECT status, reason FROM v_runs").rows,
              ElementsAre(ElementsAre(Value("failed"), Value("seen enough"))));
}

}  // namespace
}  // namespace rxrun::test
