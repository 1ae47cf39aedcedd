#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <stdexcept>

#include "../cli/program.h"
#include "machine/cores.h"
#include "recording/connection.h"
#include "recording/query.h"
#include "run/run.h"

namespace rxrun::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
  RunOutcome run(RunObserver& observer, const std::vector<std::string>& overrides = {}) const {
    return run_experiment(check_experiment({.file = place.folder() / "tiny.yaml", .overrides = overrides}), request,
                          observer);
  }
  // What the run of `tiny.yaml` has to come to, whatever happened to it.
  Table figures(const std::filesystem::path& results) const {
    return query(results / "results.db", "SELECT epoch, name, value FROM metrics ORDER BY epoch, name");
  }
  Table undisturbed() {
    Told nobody;
    RunRequest usual = request;
    std::swap(request.results, usual.results);
    request.results = place.folder() / "undisturbed";
    run(nobody);
    Table table = figures(request.results);
    request.results = usual.results;
    return table;
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

struct Warned : Told {
  void on_warning(const std::string& text) override { warnings.push_back(text); }
  std::vector<std::string> warnings;
};

TEST_F(RunExperiment, KilledBeforeItsFirstCheckpointItKeepsItsThreads) {
  struct Failing : Told {
    void on_step(const StepProgress&) override { throw Error(Failure::run, "before the first checkpoint"); }
  } failing;
  EXPECT_THROW(run(failing, {"machine.threads=1"}), Error);
  Warned rest;
  EXPECT_EQ(run(rest, {"machine.threads=2"}).end, RunOutcome::End::finished);
  EXPECT_THAT(rest.warnings,
              Contains(HasSubstr("the run started with 1 thread and continues with as many, so that its results")));
}

TEST_F(RunExperiment, KilledBeforeItsFirstCheckpointItSaysThatTheMachineIsAnother) {
  struct Failing : Told {
    void on_step(const StepProgress&) override { throw Error(Failure::run, "before the first checkpoint"); }
  } failing;
  EXPECT_THROW(run(failing), Error);
  Connection(place.results() / "results.db", Connection::Mode::read_write)
      .execute("UPDATE properties SET value = 'another' WHERE name = 'environment.instruction_set'");
  Warned rest;
  EXPECT_EQ(run(rest).end, RunOutcome::End::finished);
  EXPECT_THAT(rest.warnings, Contains(HasSubstr("instruction_set was another")));
}

TEST_F(RunExperiment, MoreThreadsThanCoresAreTold) {
  struct Failing : Warned {
    void on_step(const StepProgress&) override { throw Error(Failure::run, "before the first checkpoint"); }
  } failing;
  const std::string many = std::to_string(available_cores() + 30);
  EXPECT_THROW(run(failing, {"machine.threads=" + many}), Error);
  EXPECT_THAT(failing.warnings, Contains(AllOf(HasSubstr(many + " threads"), HasSubstr("leave machine.threads out"))));
  Failing again;
  EXPECT_THROW(run(again, {"machine.threads=1"}), Error);
  EXPECT_THAT(again.warnings, Contains(AllOf(HasSubstr("started with " + many), HasSubstr("rxrun rerun RUN"))));
}

// A process that reads results.db on and on: it has SQLite's lock for that, on 510 bytes from 0x40000002.
class LongReader {
 public:
  explicit LongReader(const std::filesystem::path& database) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    process_ = ::fork();
    if (process_ == 0) {
      const int file = ::open(database.c_str(), O_RDONLY);
      struct flock shared {};
      shared.l_type = F_RDLCK;
      shared.l_whence = SEEK_SET;
      shared.l_start = 0x40000002;
      shared.l_len = 510;
      const char ready = ::fcntl(file, F_SETLKW, &shared) == 0 ? 'y' : 'n';
      if (::write(ends[1], &ready, 1) == 1) ::pause();
      ::_exit(0);
    }
    char ready = 0;
    EXPECT_EQ(::read(ends[0], &ready, 1), 1);
    EXPECT_EQ(ready, 'y');
    ::close(ends[0]);
    ::close(ends[1]);
  }
  ~LongReader() { go(); }
  LongReader(const LongReader&) = delete;
  LongReader& operator=(const LongReader&) = delete;
  void go() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  pid_t process_ = 0;
};

TEST_F(RunExperiment, GoesOnBesideAReaderWhoStays) {
  struct BesideReader : Warned {
    explicit BesideReader(std::filesystem::path file) : database(std::move(file)) {}
    void on_start(const StartedRun&) override { reader.emplace(database); }
    void on_epoch(const EpochMetrics& metrics) override {
      if (metrics.epoch == 2) reader.reset();
    }
    const std::filesystem::path database;
    std::optional<LongReader> reader;
  } beside(place.results() / "results.db");
  request.patience = std::chrono::milliseconds(500);
  EXPECT_EQ(run(beside).end, RunOutcome::End::finished);
  EXPECT_THAT(beside.warnings, Contains(HasSubstr("locked by another process")));
  EXPECT_EQ(figures(place.results()).rows, undisturbed().rows);
}

// A disk of a megabyte or so for the results, full from the second epoch on.
class OnAFullDisk : public RunExperiment {
 protected:
  void SetUp() override {
    const Table expected = undisturbed();
    expected_ = expected.rows;
    std::filesystem::create_directories(place.results());
    mounted_ = ::mount("none", place.results().c_str(), "tmpfs", 0, "size=4m") == 0;
    if (!mounted_) GTEST_SKIP() << "no right to mount";
  }
  ~OnAFullDisk() override {
    if (mounted_) ::umount2(place.results().c_str(), MNT_DETACH);
  }
  std::filesystem::path filler() const { return place.results() / "filler"; }

  struct Filling : Warned {
    explicit Filling(std::filesystem::path file) : filler(std::move(file)) {}
    void on_epoch(const EpochMetrics& metrics) override {
      if (metrics.epoch != 1) return;
      std::ofstream file(filler);
      const std::string block(4096, 'x');
      while (file.write(block.data(), 4096).flush()) {
      }
    }
    const std::filesystem::path filler;
  };

  std::vector<std::vector<Value>> expected_;
  bool mounted_ = false;
};

TEST_F(OnAFullDisk, ARunWaits) {
  struct Freeing : Filling {
    using Filling::Filling;
    void on_warning(const std::string& text) override {
      Filling::on_warning(text);
      if (text.find("waiting") != std::string::npos) std::filesystem::resize_file(filler, 0);
    }
  } observer(filler());
  request.patience = std::chrono::seconds(60);
  EXPECT_EQ(run(observer).end, RunOutcome::End::finished);
  EXPECT_THAT(observer.warnings, Contains(AllOf(HasSubstr(".safetensors` (after "), HasSubstr("No space left"),
                                                HasSubstr("waiting, for 60 s at most"))));
  EXPECT_EQ(figures(place.results()).rows, expected_);
}

TEST_F(OnAFullDisk, ARunEndsAtLastWithTheCheckpointBeforeWhole) {
  Filling observer(filler());
  request.patience = std::chrono::milliseconds(300);
  try {
    run(observer);
    ADD_FAILURE() << "the disk was not full";
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::run);
    EXPECT_THAT(error.what(), HasSubstr("No space left"));
  }
  std::filesystem::resize_file(filler(), 0);
  Told rest;
  EXPECT_EQ(run(rest).end, RunOutcome::End::finished);
  EXPECT_THAT(rest.told, Contains("resume after 1"));
  EXPECT_EQ(figures(place.results()).rows, expected_);
}

TEST_F(OnAFullDisk, AStopIsNotKeptWaiting) {
  struct Stopping : Filling {
    using Filling::Filling;
    void on_warning(const std::string& text) override {
      Filling::on_warning(text);
      stop = SIGTERM;
    }
    std::atomic<int> stop{0};
  } observer(filler());
  request.stop = &observer.stop;
  request.patience = std::chrono::minutes(10);
  EXPECT_EQ(run(observer).end, RunOutcome::End::interrupted);
  request.stop = nullptr;
  std::filesystem::resize_file(filler(), 0);
  Told rest;
  EXPECT_EQ(run(rest).end, RunOutcome::End::finished);
  EXPECT_EQ(figures(place.results()).rows, expected_);
}

}  // namespace
}  // namespace rxrun::test
