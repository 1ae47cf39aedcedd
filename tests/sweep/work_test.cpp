// The loop that runs points as processes; shell scripts stand in for the engine.
#include "sweep/work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <thread>

#include "child.h"
#include "recording/connection.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WorkTest : public TemporaryResults {
 protected:
  // Point i's script is its resolved experiment.
  std::int64_t sweep_of(SweepRows& rows, const std::vector<std::string>& scripts) {
    SweepRecord sweep{.name = "a", .declaration = {}, .command = {}, .points = {}};
    for (const std::string& script : scripts)
      sweep.points.push_back({"identity of a-" + std::to_string(sweep.points.size()), script, "{}"});
    return rows.open(sweep);
  }

  WorkEnd work(SweepRows& rows, std::int64_t sweep, WorkOptions options = {}) {
    options.folder = folder;
    const auto command = [this](const Claim& claim, const std::filesystem::path& experiment,
                                const std::filesystem::path& log) {
      started.push_back(claim.position);
      if (on_start) on_start(claim);
      return WorkerCommand{.program = "/bin/sh", .arguments = {experiment.string()}, .log = log};
    };
    struct Watching : WorkObserver {
      explicit Watching(WorkTest& place) : test(place) {}
      void on_hindrance(const std::string& text) override {
        test.hindrances.push_back(text);
        test.reader.reset();
      }
      WorkTest& test;
    } watching(*this);
    return work_through(rows, sweep, options, command, watching);
  }

  // As the engine would have recorded it.
  void finish_run(std::int64_t position) {
    Recorder recorder(database);
    const std::int64_t run = recorder.begin(run_record("a-" + std::to_string(position - 1)), split_record());
    recorder.end(run, end_record(0.8, 1));
  }

  std::vector<std::string> statuses(SweepRows& rows, std::int64_t sweep) {
    std::vector<std::string> list;
    for (const PointState& state : rows.states(sweep)) list.push_back(to_string(state.status));
    return list;
  }

  std::vector<std::int64_t> started;
  std::function<void(const Claim&)> on_start;
  std::unique_ptr<Connection> reader;  // goes when it is in the way
  std::vector<std::string> hindrances;
};

TEST_F(WorkTest, APointThatFailsLeavesTheOthersAlone) {
  SweepRows rows(database);
  const std::int64_t sweep =
      sweep_of(rows, {"true", "echo 'a.yaml:1:1: error: the loss is nan' >&2; exit 1", "kill -SEGV $$"});
  on_start = [&](const Claim& claim) {
    if (claim.position == 1) finish_run(1);
  };
  EXPECT_EQ(work(rows, sweep, {.jobs = 2}), WorkEnd::done);
  EXPECT_THAT(statuses(rows, sweep), ElementsAre("finished", "failed", "failed"));
  EXPECT_EQ(rows.states(sweep)[1].reason, "the loss is nan");
  EXPECT_EQ(rows.states(sweep)[1].log_tail, "a.yaml:1:1: error: the loss is nan");
  EXPECT_THAT(rows.states(sweep)[2].reason, HasSubstr("signal 11"));
  EXPECT_THAT(started, ElementsAre(1, 2, 3));
}

TEST_F(WorkTest, SuccessWithoutAFinishedRunIsAFailure) {
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"exit 0"});
  work(rows, sweep);
  EXPECT_EQ(rows.states(sweep)[0].reason, "ended without a finished run");
}

TEST_F(WorkTest, AProgramThatCannotBeStartedEndsTheSweepAndFailsNoPoint) {
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"exit 0", "exit 0"});
  WorkObserver nobody;
  const auto nothing = [](const Claim&, const std::filesystem::path&, const std::filesystem::path& log) {
    return WorkerCommand{.program = "/nowhere/rxrun-engine", .arguments = {}, .log = log};
  };
  EXPECT_THROW(work_through(rows, sweep, {.folder = folder}, nothing, nobody), Error);
  EXPECT_THAT(statuses(rows, sweep), ElementsAre("waiting", "waiting"));
}

TEST_F(WorkTest, AFailedPointIsTriedAgainAsOftenAsAsked) {
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"exit 1"});
  work(rows, sweep, {.retries = 2});
  EXPECT_THAT(started, ElementsAre(1, 1, 1));
  work(rows, sweep, {.retries = 2});
  EXPECT_EQ(started.size(), 3u) << "a restart does not begin to count anew";
}

TEST_F(WorkTest, FailFastStopsAtTheFirstFailure) {
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"exit 1", "exit 1", "exit 1"});
  EXPECT_EQ(work(rows, sweep, {.fail_fast = true}), WorkEnd::failed_fast);
  EXPECT_THAT(statuses(rows, sweep), ElementsAre("failed", "waiting", "waiting"));
}

TEST_F(WorkTest, FailFastStopsWhatRunsBeside) {
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"exec sleep 60", "sleep 0.2; exit 1"});
  EXPECT_EQ(work(rows, sweep, {.jobs = 2, .fail_fast = true}), WorkEnd::failed_fast);
  EXPECT_THAT(statuses(rows, sweep), ElementsAre("interrupted", "failed"));
}

TEST_F(WorkTest, AKilledWorkerIsStartedAgainButNotForEver) {
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"kill -KILL $$"});
  EXPECT_EQ(work(rows, sweep), WorkEnd::done);
  EXPECT_THAT(started, ElementsAre(1, 1, 1));
  EXPECT_THAT(rows.states(sweep)[0].reason, HasSubstr("signal 9"));
}

TEST_F(WorkTest, OnlyThePointsAskedForAreWorkedOn) {
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"exit 1", "exit 1", "exit 1"});
  work(rows, sweep, {.only = {rows.states(sweep)[1].point}});
  EXPECT_THAT(statuses(rows, sweep), ElementsAre("waiting", "failed", "waiting"));
}

TEST_F(WorkTest, ASignalStopsTheWorkersAndNothingNewIsStarted) {
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"exec sleep 60", "exit 1"});
  std::atomic<int> stop{0};
  on_start = [&](const Claim&) { stop = SIGTERM; };
  EXPECT_EQ(work(rows, sweep, {.stop = &stop}), WorkEnd::stopped);
  EXPECT_THAT(statuses(rows, sweep), ElementsAre("interrupted", "waiting"));
  EXPECT_EQ(rows.states(sweep)[0].reason, "interrupted") << "and not how its process took the signal";
}

TEST_F(WorkTest, ASearchGoesOnWhenNothingIsLeftToClaim) {
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(
      {.name = "a", .declaration = {}, .command = {}, .points = {{"identity of a-0", "exit 1", "{}"}}, .search = "[]"});
  std::int64_t made = 1;
  std::vector<std::size_t> started_before;
  work(rows, sweep, {.more = [&] {
         if (made == 3) return false;
         started_before.push_back(started.size());
         const std::string identity = "identity of a-" + std::to_string(made++);
         return rows.add(sweep, made, {identity, "exit 1", "{}"}) == Added::added;
       }});
  EXPECT_THAT(started, ElementsAre(1, 2, 3));
  EXPECT_THAT(started_before, ElementsAre(1, 2));
  EXPECT_THAT(statuses(rows, sweep), ElementsAre("failed", "failed", "failed"));
}

TEST_F(WorkTest, OnlyFailedPointsMeansNoNewOnes) {
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"exit 1"});
  work(rows, sweep, {.only = {rows.states(sweep)[0].point}, .more = [] {
                       ADD_FAILURE() << "asked for more";
                       return false;
                     }});
  EXPECT_THAT(started, ElementsAre(1));
}

TEST_F(WorkTest, HalvingStopsAtTheRungAndTheBetterHalfGoesOn) {
  SweepRows rows(database);
  // The script waits to be stopped at its rung; when it is started again there is a file, and it ends.
  std::vector<std::string> scripts;
  for (int i = 0; i < 4; ++i)
    scripts.push_back("test -e " + (folder / ("go" + std::to_string(i))).string() + " && exit 0; exec sleep 60");
  const std::int64_t sweep = sweep_of(rows, scripts);
  Recorder recorder(database);
  std::map<std::int64_t, std::int64_t> runs;
  on_start = [&](const Claim& claim) {
    if (runs.count(claim.position) != 0) {
      std::ofstream(folder / ("go" + std::to_string(claim.position - 1)));
      recorder.end(runs[claim.position], end_record(0.8, 1));
      return;
    }
    const std::int64_t run = recorder.begin(run_record("a-" + std::to_string(claim.position - 1)), split_record());
    recorder.epoch(run, epoch_record(1, 0.1 * static_cast<double>(claim.position), true));
    runs[claim.position] = run;
  };
  const PruneRule rule{.kind = PruneRule::Kind::halving, .rungs = {1}};
  EXPECT_EQ(work(rows, sweep, {.prune = rule}), WorkEnd::done);
  EXPECT_THAT(statuses(rows, sweep), ElementsAre("pruned", "pruned", "finished", "finished"));
  EXPECT_THAT(rows.states(sweep)[0].reason, HasSubstr("the better half goes on"));
  ASSERT_EQ(started.size(), 6u);
  EXPECT_THAT(std::vector(started.begin() + 4, started.end()), ElementsAre(4, 3)) << "the best first";
}

TEST_F(WorkTest, HalvingDoesNotTakeTheFirstForTheBest) {
  SweepRows rows(database);
  const std::string flag = (folder / "go").string();
  const std::string script = "test -e " + flag + " && exit 0; exec sleep 60";
  const std::int64_t sweep = sweep_of(rows, {script, script});
  std::map<std::int64_t, std::int64_t> runs;  // by position
  std::jthread slow;
  on_start = [&](const Claim& claim) {
    Recorder recorder(database);
    if (runs.count(claim.position) != 0) {
      std::ofstream{flag};
      return recorder.end(runs[claim.position], end_record(0.8, 1));
    }
    const std::int64_t run = recorder.begin(run_record("a-" + std::to_string(claim.position - 1)), split_record());
    runs[claim.position] = run;
    if (runs.size() == 1) return recorder.epoch(run, epoch_record(1, 0.1, true));
    slow = std::jthread([this, run] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1500));
      Recorder(database).epoch(run, epoch_record(1, 0.9, true));
    });
  };
  EXPECT_EQ(work(rows, sweep, {.jobs = 2, .prune = {.kind = PruneRule::Kind::halving, .rungs = {1}}}), WorkEnd::done);
  ASSERT_EQ(started.size(), 3u);
  EXPECT_EQ(started[2], started[1]) << "the first was alone at its rung while the second was on its way";
  EXPECT_THAT(statuses(rows, sweep), ::testing::UnorderedElementsAre("pruned", "finished"));
}

TEST_F(WorkTest, TicksOnceASecondHoweverOftenRungsAreLookedAt) {
  struct Ticks : WorkObserver {
    int count = 0;
    void on_tick(const std::vector<Claim>&) override { ++count; }
  } ticks;
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"sleep 2"});
  const auto command = [](const Claim&, const std::filesystem::path& experiment, const std::filesystem::path& log) {
    return WorkerCommand{.program = "/bin/sh", .arguments = {experiment.string()}, .log = log};
  };
  const auto began = std::chrono::steady_clock::now();
  work_through(
      rows, sweep,
      {.prune = {.kind = PruneRule::Kind::median, .metric = "validation_accuracy", .rungs = {5}}, .folder = folder},
      command, ticks);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  EXPECT_GE(ticks.count, 2);
  EXPECT_LE(ticks.count, seconds + 2) << "one at the start and one at the end";
}

TEST_F(WorkTest, APointThatIsBusyElsewhereIsTriedLater) {
  SweepRows rows(database);
  const std::string flag = (folder / "flag").string();
  const std::int64_t sweep = sweep_of(rows, {"test -e " + flag + " && exit 0; touch " + flag + "; exit 75", "exit 1"});
  on_start = [&](const Claim& claim) {
    if (claim.position == 1 && std::filesystem::exists(flag)) finish_run(1);
  };
  work(rows, sweep);
  EXPECT_THAT(started, ElementsAre(1, 2, 1)) << "the others first";
  EXPECT_THAT(statuses(rows, sweep), ElementsAre("finished", "failed"));
}

TEST_F(WorkTest, AReaderWhoStaysEndsNoSweep) {
  SweepRows rows(database);
  const std::int64_t sweep = sweep_of(rows, {"exit 3", "exit 3"});
  on_start = [&](const Claim& claim) {
    if (claim.position != 1) return;
    reader = std::make_unique<Connection>(database, Connection::Mode::read_only);
    reader->begin_reading();
  };
  EXPECT_EQ(work(rows, sweep, {.jobs = 1, .patience = std::chrono::milliseconds(300)}), WorkEnd::done);
  EXPECT_THAT(statuses(rows, sweep), ElementsAre("failed", "failed"));
  EXPECT_THAT(hindrances, ElementsAre(HasSubstr("locked by another process"), HasSubstr("can be written again")));
}

}  // namespace
}  // namespace rxrun::testing
