#include "sweep/pruning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "child.h"
#include "random/random.h"
#include "recording/sweep_rows.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using ::testing::ElementsAre;

TEST(Pruning, Rungs) {
  EXPECT_THAT(rungs_of(PruneRule::Kind::halving, 27), ElementsAre(3, 9));
  EXPECT_THAT(rungs_of(PruneRule::Kind::halving, 32), ElementsAre(4, 12));
  EXPECT_THAT(rungs_of(PruneRule::Kind::halving, 4), ElementsAre(1, 3));
  EXPECT_TRUE(rungs_of(PruneRule::Kind::halving, 1).empty());
  EXPECT_THAT(rungs_of(PruneRule::Kind::median, 16).front(), 2);
  EXPECT_THAT(rungs_of(PruneRule::Kind::median, 16).back(), 15);
}

TEST(Pruning, HalvingKeepsTheBestThird) {
  const PruneRule rule{.kind = PruneRule::Kind::halving};
  EXPECT_TRUE(goes_on(rule, 0.1, {}));
  EXPECT_TRUE(goes_on(rule, 0.1, {0.9}));
  EXPECT_FALSE(goes_on(rule, 0.1, {0.9, 0.8}));
  EXPECT_TRUE(goes_on(rule, 0.95, {0.9, 0.8}));
  EXPECT_TRUE(goes_on(rule, 0.85, {0.9, 0.8, 0.7, 0.6, 0.5})) << "second of six";
  EXPECT_FALSE(goes_on(rule, 0.75, {0.9, 0.8, 0.7, 0.6, 0.5})) << "third of six";
  const PruneRule loss{.kind = PruneRule::Kind::halving, .metric = "test_loss", .maximize = false};
  EXPECT_TRUE(goes_on(loss, 0.1, {0.9, 0.8}));
  EXPECT_FALSE(goes_on(loss, 0.95, {0.9, 0.8}));
}

TEST(Pruning, TheMedianRuleStopsTheWorseHalf) {
  const PruneRule rule{.kind = PruneRule::Kind::median};
  EXPECT_TRUE(goes_on(rule, 0.1, {0.2, 0.3, 0.4})) << "too few to tell";
  EXPECT_FALSE(goes_on(rule, 0.24, {0.1, 0.2, 0.3, 0.4}));
  EXPECT_TRUE(goes_on(rule, 0.26, {0.1, 0.2, 0.3, 0.4}));
  EXPECT_TRUE(goes_on(rule, 0.3, {0.1, 0.2, 0.3, 0.4, 0.5})) << "as good as the median";
}

// The benchmark: 36 points of 27 epochs that differ in how good they get and in how fast they learn, two at a time.
struct Curves {
  std::vector<std::vector<double>> values;

  Curves(std::size_t points, std::size_t epochs, std::uint64_t seed) {
    RandomStream random(seed, Purpose::sweep);
    for (std::size_t point = 0; point < points; ++point) {
      const double quality = random.uniform(0.6, 0.95), rate = random.uniform(0.2, 0.6);
      std::vector<double>& curve = values.emplace_back();
      for (std::size_t epoch = 1; epoch <= epochs; ++epoch)
        curve.push_back(quality * (1.0 - std::exp(-rate * static_cast<double>(epoch))) + 0.003 * random.normal());
    }
  }
  double best(std::size_t point, std::size_t epochs) const {
    return *std::max_element(values[point].begin(), values[point].begin() + static_cast<std::ptrdiff_t>(epochs));
  }
};

struct PrunedSweep {
  std::size_t best = 0;
  std::size_t epochs = 0;
};

PrunedSweep simulated(const Curves& curves, const PruneRule& rule) {
  const std::size_t points = curves.values.size(), epochs = curves.values[0].size();
  std::vector<std::vector<double>> seen(epochs + 1);
  std::vector<std::pair<std::size_t, std::size_t>> running;  // point, epochs done
  PrunedSweep sweep;
  double best = 0.0;
  for (std::size_t next = 0; next < points || !running.empty();) {
    while (next < points && running.size() < 2) running.emplace_back(next++, 0);
    for (auto one = running.begin(); one != running.end();) {
      const auto [point, done] = std::pair(one->first, ++one->second);
      ++sweep.epochs;
      const double value = curves.best(point, done);
      bool goes = done < epochs;
      if (!goes && value > best) {
        best = value;
        sweep.best = point;
      }
      if (goes &&
          std::find(rule.rungs.begin(), rule.rungs.end(), static_cast<std::int64_t>(done)) != rule.rungs.end()) {
        goes = goes_on(rule, value, seen[done]);
        seen[done].push_back(value);
      }
      one = goes ? one + 1 : running.erase(one);
    }
  }
  return sweep;
}

TEST(Pruning, FindsTheBestAtAThirdOfTheEpochsMostly) {
  constexpr std::size_t points = 36, epochs = 27, sweeps = 200;
  const PruneRule halving{.kind = PruneRule::Kind::halving, .rungs = rungs_of(PruneRule::Kind::halving, epochs)};
  double same = 0, regret = 0, share = 0;
  for (std::size_t seed = 0; seed < sweeps; ++seed) {
    const Curves curves(points, epochs, seed);
    const PrunedSweep grid = simulated(curves, {}), pruned = simulated(curves, halving);
    ASSERT_EQ(grid.epochs, points * epochs);
    same += pruned.best == grid.best;
    regret += curves.best(grid.best, epochs) - curves.best(pruned.best, epochs);
    share += static_cast<double>(pruned.epochs) / static_cast<double>(grid.epochs);
  }
  std::cout << "halving: the grid's best in " << 100 * same / sweeps << " % of the sweeps, " << regret / sweeps
            << " short of it on average, at " << 100 * share / sweeps << " % of its epochs\n";
  EXPECT_LE(share / sweeps, 1.0 / 3.0);
  EXPECT_GE(same / sweeps, 0.6);
  EXPECT_LE(regret / sweeps, 0.005);
}

class PruningRows : public TemporaryResults {
 protected:
  struct Outcome {
    int best = -1;
    std::int64_t epochs = 0;
  };

  // Runs the points epoch by epoch, `jobs` at a time, as workers would.
  Outcome simulate(PruneRule::Kind kind, const Curves& curves, std::size_t jobs) {
    const auto points = static_cast<int>(curves.values.size());
    const auto epochs = static_cast<std::int64_t>(curves.values[0].size());
    const PruneRule rule{.kind = kind, .rungs = rungs_of(kind, epochs)};
    SweepRows rows(folder / (std::to_string(static_cast<int>(kind)) + ".db"));
    Recorder recorder(folder / (std::to_string(static_cast<int>(kind)) + ".db"));
    SweepRecord record{.name = "a", .declaration = {}, .command = {}, .points = {}};
    for (int i = 0; i < points; ++i) record.points.push_back({"identity of a-" + std::to_string(i), "name: a", "{}"});
    const std::int64_t sweep = rows.open(record);
    struct Running {
      Claim claim;
      std::int64_t run = 0, epoch = 0;
      int point = 0;
    };
    std::vector<Running> running;
    Outcome outcome;
    double best = 0.0;
    for (;;) {
      while (running.size() < jobs) {
        const auto claim = rows.claim(sweep, {.pruning = kind != PruneRule::Kind::none});
        if (!claim) break;
        const int point = static_cast<int>(claim->position - 1);
        running.push_back(
            {.claim = *claim, .run = recorder.begin(run_record("a-" + std::to_string(point)), {}), .point = point});
      }
      if (running.empty()) return outcome;
      for (std::size_t i = 0; i < running.size();) {
        Running& one = running[i];
        const double value = curves.values[static_cast<std::size_t>(one.point)][static_cast<std::size_t>(one.epoch++)];
        recorder.epoch(one.run, epoch_record(one.epoch, value, true));
        ++outcome.epochs;
        const bool over = one.epoch == epochs;
        bool kept = true;
        if (!over && std::find(rule.rungs.begin(), rule.rungs.end(), one.epoch) != rule.rungs.end())
          kept = rows.judge(sweep, one.claim.point, {.epoch = one.epoch, .metric = "test_accuracy"},
                            [&](double own, const std::vector<double>& others) { return goes_on(rule, own, others); })
                     ->kept;
        if (!over && kept) {
          ++i;
          continue;
        }
        if (over && value > best) {
          best = value;
          outcome.best = one.point;
        }
        recorder.end(one.run,
                     over ? end_record(value, one.epoch) : ended(RunStatus::interrupted, "stopped by signal 15"));
        rows.release(one.claim.point, {.status = PointStatus::pruned, .reason = "pruned", .log_tail = {}});
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }
};

// The same with the rows of a database between: what is read back leads to the same kind of end.
TEST_F(PruningRows, StopsMostPointsEarlyAndFinishesTheBest) {
  const Curves curves(24, 18, 1);
  const Outcome grid = simulate(PruneRule::Kind::none, curves, 2);
  EXPECT_EQ(grid.epochs, 24 * 18);
  const Outcome halving = simulate(PruneRule::Kind::halving, curves, 2),
                median = simulate(PruneRule::Kind::median, curves, 2);
  EXPECT_LT(halving.epochs * 2, grid.epochs);
  EXPECT_LT(median.epochs, grid.epochs);
  EXPECT_GE(curves.best(static_cast<std::size_t>(halving.best), 18),
            curves.best(static_cast<std::size_t>(grid.best), 18) - 0.02);
  EXPECT_EQ(median.best, grid.best);
}

class JudgedPoint : public TemporaryResults {
 protected:
  SweepRows rows{database};
  std::int64_t sweep =
      rows.open({.name = "a", .declaration = {}, .command = {}, .points = {{"identity of a-0", "name: a", "{}"}}});
  const Rung first{.epoch = 1, .metric = "test_accuracy"};
  const GoesOn no = [](double, const std::vector<double>&) { return false; };
  const GoesOn yes = [](double, const std::vector<double>&) { return true; };

  std::int64_t judged_by_a_process_that_dies() {
    EXPECT_EQ(in_child([&] {
                SweepRows own(database);
                const auto claim = own.claim(sweep, {.pruning = true});
                Recorder recorder(database);
                recorder.epoch(recorder.begin(run_record("a-0"), {}), epoch_record(1, 0.5, true));
                own.judge(sweep, claim->point, first, no);
              }),
              0);
    return rows.states(sweep)[0].point;
  }
};

TEST_F(JudgedPoint, IsNotJudgedBeforeItsRunIsThere) {
  const auto claim = rows.claim(sweep, {.pruning = true});
  EXPECT_FALSE(rows.judge(sweep, claim->point, first, no));
}

TEST_F(JudgedPoint, ADecisionSurvivesARestart) {
  const std::int64_t point = judged_by_a_process_that_dies();
  EXPECT_FALSE(rows.judge(sweep, point, first, yes)->kept) << "it is not decided twice";
  EXPECT_FALSE(rows.claim(sweep, {.pruning = true}));
  EXPECT_EQ(rows.states(sweep)[0].status, PointStatus::pruned);
}

TEST_F(JudgedPoint, ASweepWithoutPruningComputesIt) {
  judged_by_a_process_that_dies();
  EXPECT_FALSE(rows.claim(sweep, {.pruning = true}));
  EXPECT_TRUE(rows.claim(sweep, {}));
}

}  // namespace
}  // namespace rxrun::testing
