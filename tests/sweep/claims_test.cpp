// Several processes that work on the same points, some of which die.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <thread>

#include "child.h"
#include "recording/connection.h"
#include "recording/sweep_rows.h"
#include "recording/tend_runs.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ClaimsTest : public TemporaryResults {
 protected:
  static std::string identity(int i) { return "identity of a-" + std::to_string(i); }

  static SweepRecord sweep_of(int from, int to) {
    SweepRecord sweep{.name = "a", .declaration = "c=1,2", .command = "rxrun sweep c=1,2", .points = {}};
    for (int i = from; i < to; ++i) sweep.points.push_back({identity(i), "name: a\n", R"({"c": 1})"});
    return sweep;
  }

  // As a worker would: the run of point i, from begin to end.
  void finish_run(int i) {
    Recorder recorder(database);
    const std::int64_t run = recorder.begin(run_record("a-" + std::to_string(i)), split_record());
    recorder.epoch(run, epoch_record(1, 0.7, true));
    recorder.end(run, end_record(0.8, 1));
  }

  static int number_of(const Claim& claim) { return std::stoi(claim.identity.substr(claim.identity.rfind('-') + 1)); }
};

TEST_F(ClaimsTest, TheSamePointsAreTheSameSweep) {
  SweepRows rows(database);
  const std::int64_t first = rows.open(sweep_of(0, 3));
  EXPECT_EQ(rows.open(sweep_of(0, 3)), first);
  EXPECT_EQ(rows.open(sweep_of(0, 4)), first + 1) << "opening one again uses no number up";
  EXPECT_EQ(one(database, "SELECT count(*) FROM points"), "4");
  EXPECT_EQ(one(database, "SELECT count(*) FROM sweep_points"), "7");
}

TEST_F(ClaimsTest, EveryPointIsClaimedOnceByManyProcesses) {
  constexpr int kPoints = 40, kProcesses = 6;
  SweepRows(database).open(sweep_of(0, kPoints));
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i)
    children.push_back(start_child([&, i] {
      SweepRows rows(database);
      // Every second one works on a sweep of its own that shares half of the points.
      const std::int64_t sweep = rows.open(i % 2 == 0 ? sweep_of(0, kPoints) : sweep_of(kPoints / 2, kPoints));
      while (const auto claim = rows.claim(sweep, {})) {
        finish_run(number_of(*claim));
        rows.release(claim->point, {});
      }
    }));
  for (pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(one(database, "SELECT count(*) FROM points WHERE status = 'finished' AND run IS NOT NULL"), "40");
  EXPECT_EQ(one(database, "SELECT count(*) FROM runs"), "40");
  EXPECT_EQ(one(database, "SELECT max(attempts) FROM points"), "1");
}

TEST_F(ClaimsTest, ADeadProcessLosesItsClaimAndALivingOneKeepsIt) {
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(sweep_of(0, 2));
  ASSERT_EQ(in_child([&] { SweepRows(database).claim(sweep, {}); }), 0);
  const auto first = rows.claim(sweep, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(number_of(*first), 0) << "the claim of the process that has ended";
  ASSERT_TRUE(rows.claim(sweep, {}));
  EXPECT_FALSE(rows.claim(sweep, {})) << "this process's own claims hold";
  EXPECT_EQ(in_child([&] {
              if (SweepRows(database).claim(sweep, {})) throw Error(Failure::run, "claimed what another process has");
            }),
            0);
  EXPECT_EQ(one(database, "SELECT attempts FROM points ORDER BY id LIMIT 1"), "2");
}

TEST_F(ClaimsTest, AProcessOfAnotherHostKeepsItsClaimForTwoMinutes) {
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(sweep_of(0, 1));
  ASSERT_TRUE(rows.claim(sweep, {}));
  const auto confirmed = [&](const std::string& ago) {
    Connection(database, Connection::Mode::read_write)
        .execute(
            ("UPDATE points SET host = 'elsewhere', heartbeat = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '" + ago + "')")
                .c_str());
  };
  confirmed("-90 seconds");
  EXPECT_FALSE(rows.claim(sweep, {}));
  confirmed("-150 seconds");
  EXPECT_EQ(rows.states(sweep)[0].status, PointStatus::interrupted);
  EXPECT_TRUE(rows.claim(sweep, {}));
}

TEST_F(ClaimsTest, AClaimThatWasTakenIsNotConfirmedAndCannotBeReleased) {
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(sweep_of(0, 2));
  const auto lost = rows.claim(sweep, {}), held = rows.claim(sweep, {});
  Connection(database, Connection::Mode::read_write).execute("UPDATE points SET pid = pid + 1 WHERE id = 1");
  EXPECT_THAT(rows.confirm(), ElementsAre(held->point));
  EXPECT_EQ(rows.release(lost->point, {.status = PointStatus::failed, .reason = "x", .log_tail = {}}),
            PointStatus::running);
}

TEST_F(ClaimsTest, AFinishedRunAnswersItsPointWhoeverMadeIt) {
  finish_run(0);
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(sweep_of(0, 2));
  EXPECT_EQ(rows.states(sweep)[0].status, PointStatus::finished);
  EXPECT_EQ(rows.states(sweep)[0].test_accuracy, 0.8);
  finish_run(1);
  EXPECT_FALSE(rows.claim(sweep, {})) << "answered meanwhile";
  EXPECT_EQ(rows.states(sweep)[1].status, PointStatus::finished);
}

TEST_F(ClaimsTest, AgainComputesOnceMoreAndSurvivesARestart) {
  finish_run(0);
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(sweep_of(0, 1));
  rows.compute_again(sweep);
  rows.open(sweep_of(0, 1));
  const auto claim = rows.claim(sweep, {});
  ASSERT_TRUE(claim);
  EXPECT_TRUE(claim->again);
  Recorder recorder(database);
  RunRecord record = run_record("a-0-2");
  record.identity = identity(0);
  const std::int64_t run = recorder.begin(record, split_record());
  EXPECT_EQ(rows.release(claim->point, {.status = PointStatus::interrupted, .reason = {}, .log_tail = {}}),
            PointStatus::interrupted);
  const auto next = rows.claim(sweep, {});
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->again) << "the new run is to be continued";
  recorder.end(run, end_record(0.9, 1));
  EXPECT_EQ(rows.release(next->point, {}), PointStatus::finished);
  EXPECT_EQ(rows.states(sweep)[0].run, run);
}

// The worker would find the older run, which does not count, and end without a run of its own.
TEST_F(ClaimsTest, ARemovedRunIsNotContinued) {
  finish_run(0);
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(sweep_of(0, 1));
  rows.compute_again(sweep);
  RunRecord record = run_record("a-0-2");
  record.identity = identity(0);
  {
    Recorder recorder(database);
    const std::int64_t run = recorder.begin(record, split_record());
    recorder.epoch(run, epoch_record(1, 0.7, true));
    recorder.end(run, end_record(0.9, 1));
  }
  remove_runs(database, {"a-0-2"}, false);
  const auto claim = rows.claim(sweep, {});
  ASSERT_TRUE(claim) << "its answer is gone";
  EXPECT_TRUE(claim->again);
  EXPECT_EQ(claim->epochs, 0);
}

TEST_F(ClaimsTest, AFailedPointIsTriedAsOftenAsAllowed) {
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(sweep_of(0, 1));
  const PointEnd failure{.status = PointStatus::failed, .reason = "loss is nan", .log_tail = "a\nb"};
  rows.release(rows.claim(sweep, {.retries = 1})->point, failure);
  EXPECT_FALSE(rows.claim(sweep, {.retries = 0}));
  rows.release(rows.claim(sweep, {.retries = 1})->point, failure);
  EXPECT_FALSE(rows.claim(sweep, {.retries = 1}));
  EXPECT_EQ(rows.states(sweep)[0].reason, "loss is nan");
  EXPECT_EQ(rows.states(sweep)[0].log_tail, "a\nb");
  EXPECT_EQ(rows.reopen_failed(sweep).size(), 1u);
  EXPECT_TRUE(rows.claim(sweep, {}));
  EXPECT_THAT(rows.reopen_failed(sweep), IsEmpty());
}

TEST_F(ClaimsTest, PointsToLeaveAreLeft) {
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(sweep_of(0, 2));
  const std::int64_t first = rows.states(sweep)[0].point;
  EXPECT_EQ(number_of(*rows.claim(sweep, {.leave = {first}})), 1);
}

// ---- a search: points that are added as it goes ----

class SearchRows : public ClaimsTest {
 protected:
  static PointRecord point(int i) { return {identity(i), "name: a\n", "{}", "[0." + std::to_string(i) + "]"}; }
  static SweepRecord search(int points) {
    SweepRecord sweep{.name = "a", .declaration = {}, .command = {}, .points = {}, .search = "[\"lr\"]"};
    for (int i = 0; i < points; ++i) sweep.points.push_back(point(i));
    return sweep;
  }
};

TEST_F(SearchRows, IsTheSameSearchWithMorePoints) {
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(search(2));
  EXPECT_EQ(rows.add(sweep, 3, point(7)), Added::added);
  EXPECT_EQ(rows.open(search(2)), sweep);
  EXPECT_EQ(rows.open(search(3)), sweep) << "what was added keeps its place";
  EXPECT_EQ(one(database, "SELECT group_concat(coordinates, ' ') FROM sweep_points ORDER BY position"),
            "[0.0] [0.1] [0.7]");
  SweepRecord other = search(2);
  other.search = "[\"batch\"]";
  EXPECT_NE(rows.open(other), sweep);
  other = search(2);
  other.search.clear();
  EXPECT_NE(rows.open(other), sweep);
}

TEST_F(SearchRows, OfTwoThatAddOneSucceeds) {
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(search(2));
  EXPECT_EQ(rows.add(sweep, 3, point(2)), Added::added);
  EXPECT_EQ(rows.add(sweep, 3, point(3)), Added::taken);
  EXPECT_EQ(rows.add(sweep, 5, point(3)), Added::taken) << "no gaps";
  EXPECT_EQ(rows.add(sweep, 4, point(0)), Added::known);
  EXPECT_EQ(one(database, "SELECT count(*) FROM sweep_points"), "3");
}

TEST_F(SearchRows, ManyProcessesMakeEachPointOnceAndNotMoreThanWanted) {
  constexpr std::int64_t kTrials = 40;
  SweepRows(database).open(search(2));
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i)
    children.push_back(start_child([&, i] {
      SweepRows rows(database);
      const std::int64_t sweep = rows.open(search(2));
      for (int next = 100 * (i + 1);; ++next) {
        while (const auto claim = rows.claim(sweep, {})) {
          finish_run(number_of(*claim));
          rows.release(claim->point, {});
        }
        const auto made = static_cast<std::int64_t>(rows.searched(sweep, "validation_accuracy").size());
        if (made == kTrials) return;
        rows.add(sweep, made + 1, {identity(next), "name: a\n", "{}", "[0]"});
      }
    }));
  for (pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(one(database, "SELECT count(*) || ' ' || max(position) FROM sweep_points"), "40 40");
  EXPECT_EQ(one(database, "SELECT max(attempts) FROM points WHERE status = 'finished'"), "1");
  EXPECT_EQ(one(database, "SELECT count(*) FROM runs"), "40");
}

TEST_F(SearchRows, TellsWhatItsPointsWereWorth) {
  SweepRows rows(database);
  const std::int64_t sweep = rows.open(search(4));
  finish_run(0);
  const auto first = rows.claim(sweep, {}), second = rows.claim(sweep, {});
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-" + std::to_string(number_of(*first))), split_record());
  recorder.epoch(run, epoch_record(1, 0.6, true));
  rows.judge(sweep, first->point, {.epoch = 1, .metric = "validation_accuracy"},
             [](double, const std::vector<double>&) { return false; });
  recorder.epoch(run, epoch_record(2, 0.9, true));
  recorder.end(run, ended(RunStatus::interrupted, "stopped"));
  rows.release(first->point, {.status = PointStatus::pruned, .reason = {}, .log_tail = {}});
  rows.release(second->point, {.status = PointStatus::failed, .reason = "x", .log_tail = {}});
  const std::vector<SearchedPoint> points = rows.searched(sweep, "validation_accuracy");
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points[0].status, PointStatus::finished);
  EXPECT_EQ(points[0].value, 0.7);
  EXPECT_EQ(points[0].coordinates, "[0.0]");
  EXPECT_EQ(points[1].status, PointStatus::pruned);
  EXPECT_EQ(points[1].value, 0.6) << "at its rung, where the others are compared with it";
  EXPECT_EQ(points[1].epochs, 1);
  EXPECT_EQ(points[2].status, PointStatus::failed);
  EXPECT_EQ(points[3].status, PointStatus::waiting);
  EXPECT_FALSE(points[3].value);
}

TEST_F(ClaimsTest, ARunOfAnotherProcessIsNotBegunTwice) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = start_child([&] {
    Recorder recorder(database);
    recorder.begin(run_record("a-0"), split_record());
    if (::write(ends[1], "x", 1) == 1) ::pause();
  });
  char byte = 0;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  RunRecord record = run_record("a-0-2");
  record.identity = identity(0);
  Recorder recorder(database);
  EXPECT_THROW(recorder.begin(record, split_record()), Error);
  ::kill(child, SIGKILL);
  wait_for(child);
  EXPECT_NO_THROW(recorder.begin(record, split_record()));
}

}  // namespace
}  // namespace rxrun::testing
