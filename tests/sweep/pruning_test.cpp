#include "sweep/pruning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iostream>

#include "child.h"
#include "random/random.h"
#include "recording/connection.h"
#include "recording/sweep_rows.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using ::testing::ElementsAre;

TEST(Pruning, Rungs) {
  EXPECT_THAT(rungs_of(PruneRule::Kind::halving, 32), ElementsAre(4, 8, 16));
  EXPECT_THAT(rungs_of(PruneRule::Kind::halving, 27), ElementsAre(3, 7, 14));
  EXPECT_THAT(rungs_of(PruneRule::Kind::halving, 4), ElementsAre(1, 2));
  EXPECT_THAT(rungs_of(PruneRule::Kind::halving, 2), ElementsAre(1));
  EXPECT_TRUE(rungs_of(PruneRule::Kind::halving, 1).empty());
  EXPECT_THAT(rungs_of(PruneRule::Kind::median, 16).front(), 2);
  EXPECT_THAT(rungs_of(PruneRule::Kind::median, 16).back(), 15);
}

TEST(Pruning, HalvingLetsEveryPointWait) {
  const PruneRule rule{.kind = PruneRule::Kind::halving};
  EXPECT_FALSE(goes_on(rule, 0.9, {}));
  EXPECT_FALSE(goes_on(rule, 0.9, {0.1, 0.1, 0.1, 0.1}));
}

TEST(Pruning, HalfOfThoseThatHaveComeGoOn) {
  EXPECT_EQ(places_after_rung(0, false), 0u);
  EXPECT_EQ(places_after_rung(1, false), 0u);
  EXPECT_EQ(places_after_rung(5, false), 2u);
  EXPECT_EQ(places_after_rung(6, false), 3u);
  EXPECT_EQ(places_after_rung(0, true), 0u);
  EXPECT_EQ(places_after_rung(1, true), 1u) << "somebody has to finish";
  EXPECT_EQ(places_after_rung(5, true), 3u);
}

TEST(Pruning, TheMedianRuleStopsTheWorseHalf) {
  const PruneRule rule{.kind = PruneRule::Kind::median};
  EXPECT_TRUE(goes_on(rule, 0.1, {0.2, 0.3, 0.4})) << "too few to tell";
  EXPECT_FALSE(goes_on(rule, 0.24, {0.1, 0.2, 0.3, 0.4}));
  EXPECT_TRUE(goes_on(rule, 0.26, {0.1, 0.2, 0.3, 0.4}));
  EXPECT_TRUE(goes_on(rule, 0.3, {0.1, 0.2, 0.3, 0.4, 0.5})) << "as good as the median";
}

// ---- the benchmark: the grid's best at a third of its epochs? ----
//
// Curves of validation accuracy over the epochs, a set of points drawn anew for each sweep, from three families:
//   exponential  q (1 - exp(-r e)), q from [0.6, 0.95], r from [0.2, 0.6], each drawn by itself: after an eighth of 27
//                epochs slow learners have 45 % of what they will have, fast ones 83 %. It is the hard case: for
//                measured curves Egele et al. 2024 (arXiv 2404.04111) find that going on with the best after one epoch
//                does about as well as anything.
//   power        1 - (f + a e^-p), the law that fits measured curves most often (Viering and Loog 2021, arXiv
//                2103.10948): f from [0.05, 0.4], a from [0.1, 0.5], p from [0.3, 1.5].
//   prior        what Adriaensen et al. 2023 (arXiv 2310.20447) sample, after Domhan et al. 2015: c - a e^-p, c - a /
//                log(e + 1) and a - (a - b) exp(-k e^d), added with weights from [0, 1], drawn again until the curve
//                stays within [0, 1] and ends above its beginning.
// Each value has noise of deviation 0.003 on top, as from a validation part of ten thousand images. "prior, noisy" has
// that paper's noise, whose deviation is drawn for each curve: the median is 0.018, one in six is above 0.05.
class Curves {
 public:
  std::vector<std::vector<double>> values;

  using Family = std::vector<double> (*)(RandomStream& random, std::size_t epochs);
  Curves(Family family, std::size_t points, std::size_t epochs, std::uint64_t seed) {
    RandomStream random(seed, Purpose::sweep);
    for (std::size_t point = 0; point < points; ++point) values.push_back(family(random, epochs));
  }
  double best(std::size_t point, std::size_t epochs) const {
    return *std::max_element(values[point].begin(), values[point].begin() + static_cast<std::ptrdiff_t>(epochs));
  }
};

std::vector<double> curve(RandomStream& random, std::size_t epochs, double noise,
                          const std::function<double(double)>& at) {
  std::vector<double> values;
  for (std::size_t epoch = 1; epoch <= epochs; ++epoch)
    values.push_back(at(static_cast<double>(epoch)) + noise * random.normal());
  return values;
}

std::vector<double> exponential(RandomStream& random, std::size_t epochs) {
  const double quality = random.uniform(0.6, 0.95), rate = random.uniform(0.2, 0.6);
  return curve(random, epochs, 0.003, [&](double e) { return quality * (1.0 - std::exp(-rate * e)); });
}

std::vector<double> power(RandomStream& random, std::size_t epochs) {
  const double floor = random.uniform(0.05, 0.4), a = random.uniform(0.1, 0.5), p = random.uniform(0.3, 1.5);
  return curve(random, epochs, 0.003, [&](double e) { return 1.0 - floor - a * std::pow(e, -p); });
}

std::vector<double> prior_with(RandomStream& random, std::size_t epochs, double noise) {
  for (;;) {
    const double a = random.uniform(-0.6, 0.6), c = random.uniform(0.0, 1.25), p = std::exp(2.0 * random.normal());
    const double a_log = random.uniform(-0.5, 0.5), c_log = random.uniform();
    const double top = random.uniform(), bottom = random.uniform(0.0, 2.0);
    const double k = std::exp(random.normal() - 2.0), d = std::exp(0.5 * random.normal());
    const double w1 = random.uniform(), w2 = random.uniform(), w3 = random.uniform();
    const auto at = [&](double e) {
      return w1 * (c - a * std::pow(e, -p)) + w2 * (c_log - a_log / std::log(e + 1.0)) +
             w3 * (top - (top - bottom) * std::exp(-k * std::pow(e, d)));
    };
    const std::vector<double> exact = curve(random, epochs, 0.0, at);
    const auto [least, most] = std::minmax_element(exact.begin(), exact.end());
    if (exact.back() > exact.front() && *least >= 0.0 && *most <= 1.0) return curve(random, epochs, noise, at);
  }
}
std::vector<double> prior(RandomStream& random, std::size_t epochs) { return prior_with(random, epochs, 0.003); }
std::vector<double> noisy_prior(RandomStream& random, std::size_t epochs) {
  return prior_with(random, epochs, std::exp(random.normal() - 4.0));
}

struct PrunedSweep {
  std::size_t best = 0;
  std::size_t epochs = 0;
};

// What a sweep with the rule comes to, epoch by epoch, so many points at a time. `share` of those that have come to a
// rung go on, where halving's own is 1/2.
PrunedSweep simulated(const Curves& curves, const PruneRule& rule, double share = 0.5, std::size_t jobs = 2) {
  const std::size_t points = curves.values.size(), epochs = curves.values[0].size();
  struct Waiting {
    std::size_t point;
    double value;
    bool kept;
  };
  std::vector<std::vector<Waiting>> at_rung(rule.rungs.size());
  std::vector<std::vector<double>> seen(epochs + 1);
  std::vector<std::pair<std::size_t, std::size_t>> running;  // point, epochs done
  PrunedSweep sweep;
  double best = 0.0;
  std::size_t next = 0;
  const auto places = [&](std::size_t arrived) {
    const bool all = running.empty();
    if (share == 0.5) return places_after_rung(arrived, all);
    const double exact = share * static_cast<double>(arrived);
    return static_cast<std::size_t>(all ? std::ceil(exact - 1e-9) : std::floor(exact + 1e-9));
  };
  const auto promote = [&] {
    for (std::size_t rung = 0; rung < at_rung.size(); ++rung) {
      auto& waiting = at_rung[rung];
      std::stable_sort(waiting.begin(), waiting.end(), [](const auto& a, const auto& b) { return a.value > b.value; });
      const std::size_t most = places(waiting.size());
      for (std::size_t i = 0; i < most; ++i) {
        if (waiting[i].kept) continue;
        waiting[i].kept = true;
        running.emplace_back(waiting[i].point, static_cast<std::size_t>(rule.rungs[rung]));
        return true;
      }
    }
    return false;
  };
  for (;;) {
    while (running.size() < jobs) {
      if (next < points)
        running.emplace_back(next++, 0);
      else if (!promote())
        break;
    }
    if (running.empty()) return sweep;
    for (auto one = running.begin(); one != running.end();) {
      const auto [point, done] = std::pair(one->first, ++one->second);
      ++sweep.epochs;
      const double value = curves.best(point, done);
      bool goes = done < epochs;
      if (!goes && value > best) {
        best = value;
        sweep.best = point;
      }
      const auto rung = std::find(rule.rungs.begin(), rule.rungs.end(), static_cast<std::int64_t>(done));
      if (goes && rung != rule.rungs.end()) {
        goes = goes_on(rule, value, seen[done]);
        seen[done].push_back(value);
        if (rule.kind == PruneRule::Kind::halving)
          at_rung[static_cast<std::size_t>(rung - rule.rungs.begin())].push_back({point, value, false});
      }
      one = goes ? one + 1 : running.erase(one);
    }
  }
}

constexpr std::size_t kPoints = 36, kEpochs = 27, kSweeps = 200;

struct Outcome {
  double same = 0, shortfall = 0, epochs = 0;  // means over the sweeps, against the whole grid
};

Outcome against_the_grid(Curves::Family family, const std::function<PrunedSweep(const Curves&)>& pruned_sweep) {
  Outcome outcome;
  for (std::size_t seed = 0; seed < kSweeps; ++seed) {
    const Curves curves(family, kPoints, kEpochs, seed);
    const PrunedSweep grid = simulated(curves, {}), pruned = pruned_sweep(curves);
    EXPECT_EQ(grid.epochs, kPoints * kEpochs);
    outcome.same += (pruned.best == grid.best) / static_cast<double>(kSweeps);
    outcome.shortfall += (curves.best(grid.best, kEpochs) - curves.best(pruned.best, kEpochs)) / kSweeps;
    outcome.epochs += static_cast<double>(pruned.epochs) / static_cast<double>(grid.epochs) / kSweeps;
  }
  return outcome;
}

constexpr std::array<std::pair<const char*, Curves::Family>, 4> kFamilies = {
    {{"exponential", exponential}, {"power", power}, {"prior", prior}, {"prior, noisy", noisy_prior}}};

PruneRule halving_at(std::vector<std::int64_t> rungs) {
  return {.kind = PruneRule::Kind::halving, .rungs = std::move(rungs)};
}

TEST(Pruning, FindsTheBestAtAThirdOfTheEpochsMostly) {
  const PruneRule halving = halving_at(rungs_of(PruneRule::Kind::halving, kEpochs));
  // At least so often the grid's best, and at most so far from it; see the frontier below.
  constexpr std::array<std::pair<double, double>, 4> required = {
      {{0.80, 0.003}, {0.98, 0.0005}, {0.95, 0.001}, {0.8, 0.015}}};
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    const auto& [name, family] = kFamilies[i];
    const Outcome outcome = against_the_grid(family, [&](const Curves& curves) { return simulated(curves, halving); });
    std::cout << name << ": the grid's best in " << 100 * outcome.same << " % of the sweeps, " << outcome.shortfall
              << " short of it on average, at " << 100 * outcome.epochs << " % of its epochs\n";
    EXPECT_LE(outcome.epochs, 1.0 / 3.0) << name;
    EXPECT_GE(outcome.same, required[i].first) << name;
    EXPECT_LE(outcome.shortfall, required[i].second) << name;
  }
}

// What other rungs and shares come to: printed, since it is a matter of choice. rungs_of() takes the last one that
// stays within a third.
TEST(Pruning, TheFrontier) {
  struct Variant {
    const char* name;
    PruneRule rule;
    double share;
  };
  const std::vector<Variant> variants = {
      {"7 epochs, then the best ninth", halving_at({7}), 1.0 / 9},
      {"3 epochs, then the best quarter", halving_at({3}), 0.25},
      {"a third each after 3, 9", halving_at({3, 9}), 1.0 / 3},
      {"half each after 3, 7, 14", halving_at({3, 7, 14}), 0.5},
      {"0.6 each after 3, 7, 14", halving_at({3, 7, 14}), 0.6},
      {"half each after 5, 9", halving_at({5, 9}), 0.5},
      {"half each after 7, 14", halving_at({7, 14}), 0.5},
      {"the median rule", {.kind = PruneRule::Kind::median, .rungs = rungs_of(PruneRule::Kind::median, kEpochs)}, 0.5}};
  std::cout << "epochs, then for each family: how often the grid's best, how far short of it\n";
  for (const Variant& variant : variants) {
    std::string line;
    double epochs = 0;
    for (const auto& [name, family] : kFamilies) {
      const Outcome outcome = against_the_grid(
          family, [&](const Curves& curves) { return simulated(curves, variant.rule, variant.share); });
      epochs += outcome.epochs / kFamilies.size();
      char cell[64];
      std::snprintf(cell, sizeof cell, "  %5.1f %% %.4f", 100 * outcome.same, outcome.shortfall);
      line += cell;
    }
    std::printf("%5.1f %%%s  %s\n", 100 * epochs, line.c_str(), variant.name);
    EXPECT_GT(epochs, 0.2) << variant.name;
  }
}

class PruningRows : public TemporaryResults {
 protected:
  struct Ended {
    int best = -1;
    std::int64_t epochs = 0;
  };

  // Runs the points epoch by epoch, `jobs` at a time, as workers would.
  Ended simulate(PruneRule::Kind kind, const Curves& curves, std::size_t jobs) {
    const auto points = static_cast<int>(curves.values.size());
    const auto epochs = static_cast<std::int64_t>(curves.values[0].size());
    const PruneRule rule{.kind = kind, .rungs = rungs_of(kind, epochs)};
    std::vector<Rung> rungs;
    for (const std::int64_t epoch : rule.rungs) rungs.push_back({.epoch = epoch, .metric = "validation_accuracy"});
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
    Ended outcome;
    double best = 0.0;
    for (;;) {
      while (running.size() < jobs) {
        const auto claim = rows.claim(sweep, {.pruning = kind != PruneRule::Kind::none});
        if (!claim && kind == PruneRule::Kind::halving &&
            rows.promote(sweep, rungs, [&](std::size_t n) { return places_after_rung(n, running.empty()); }))
          continue;
        if (!claim) break;
        const int point = static_cast<int>(claim->position - 1);
        const RunRecord run = run_record("a-" + std::to_string(point));
        if (const auto earlier = recorder.find(run.identity)) {
          recorder.resume(earlier->id, claim->epochs);
          running.push_back({.claim = *claim, .run = earlier->id, .epoch = claim->epochs, .point = point});
        } else {
          running.push_back({.claim = *claim, .run = recorder.begin(run, {}), .point = point});
        }
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
          kept = rows.judge(sweep, one.claim.point, {.epoch = one.epoch, .metric = "validation_accuracy"},
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
  const Curves curves(exponential, 24, 18, 1);
  const Ended grid = simulate(PruneRule::Kind::none, curves, 2);
  EXPECT_EQ(grid.epochs, 24 * 18);
  const Ended halving = simulate(PruneRule::Kind::halving, curves, 2),
              median = simulate(PruneRule::Kind::median, curves, 2);
  EXPECT_LT(halving.epochs * 3, grid.epochs);
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
  const Rung first{.epoch = 1, .metric = "validation_accuracy"};
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

TEST_F(JudgedPoint, WaitsForNoWriterBeforeItComesToTheRung) {
  const auto claim = rows.claim(sweep, {.pruning = true});
  Connection other(database, Connection::Mode::read_write);
  const Transaction writing(other);
  // Fails where it waits: the writer is there all the time.
  EXPECT_FALSE(rows.judge(sweep, claim->point, first, no));
}

TEST_F(JudgedPoint, ADecisionSurvivesARestart) {
  const std::int64_t point = judged_by_a_process_that_dies();
  EXPECT_FALSE(rows.judge(sweep, point, first, yes)->kept) << "it is not decided twice";
  EXPECT_FALSE(rows.claim(sweep, {.pruning = true}));
  EXPECT_EQ(rows.states(sweep)[0].status, PointStatus::pruned);
}

TEST_F(JudgedPoint, GoesOnFromItsRungWhenItIsPromoted) {
  judged_by_a_process_that_dies();
  EXPECT_FALSE(rows.claim(sweep, {.pruning = true}));
  EXPECT_FALSE(rows.has_open_points(sweep));
  EXPECT_FALSE(rows.promote(sweep, {first}, [](std::size_t arrived) { return arrived - 1; }));
  EXPECT_TRUE(rows.promote(sweep, {first}, [](std::size_t arrived) { return arrived; }));
  EXPECT_FALSE(rows.promote(sweep, {first}, [](std::size_t arrived) { return arrived; })) << "once";
  EXPECT_TRUE(rows.has_open_points(sweep));
  const auto claim = SweepRows(database).claim(sweep, {.pruning = true});
  ASSERT_TRUE(claim) << "whoever asks: it is written down";
  EXPECT_EQ(claim->epochs, 1);
}

TEST_F(PruningRows, TheBestAtTheLowestRungIsPromotedFirst) {
  SweepRows rows(database);
  SweepRecord record{.name = "a", .declaration = {}, .command = {}, .points = {}};
  for (int i = 0; i < 4; ++i) record.points.push_back({"identity of a-" + std::to_string(i), "name: a", "{}"});
  const std::int64_t sweep = rows.open(record);
  Recorder recorder(database);
  const std::array<double, 4> values = {0.5, 0.8, 0.6, 0.7};
  const Rung first{.epoch = 1, .metric = "validation_accuracy"}, second{.epoch = 2, .metric = "validation_accuracy"};
  const GoesOn no = [](double, const std::vector<double>&) { return false; };
  for (std::size_t i = 0; i < 4; ++i) {
    const auto claim = rows.claim(sweep, {.pruning = true});
    const std::int64_t run = recorder.begin(run_record("a-" + std::to_string(claim->position - 1)), {});
    recorder.epoch(run, epoch_record(1, values.at(static_cast<std::size_t>(claim->position - 1)), true));
    rows.judge(sweep, claim->point, first, no);
    if (claim->position == 1) {
      recorder.epoch(run, epoch_record(2, 0.9, true));
      rows.judge(sweep, claim->point, second, no);
    }
    recorder.end(run, ended(RunStatus::interrupted, "stopped"));
    rows.release(claim->point, {.status = PointStatus::pruned, .reason = {}, .log_tail = {}});
  }
  const auto promoted = [&]() -> std::int64_t {
    if (!rows.promote(sweep, {first, second}, [](std::size_t arrived) { return arrived; })) return 0;
    const auto claim = rows.claim(sweep, {.pruning = true});
    return claim ? claim->position : -1;  // -1: it waits at a further rung
  };
  EXPECT_EQ(promoted(), 2);
  EXPECT_EQ(promoted(), 4);
  EXPECT_EQ(promoted(), 3);
  EXPECT_EQ(promoted(), -1);
  EXPECT_EQ(promoted(), 1);
  EXPECT_EQ(promoted(), 0);
}

TEST_F(JudgedPoint, ASweepWithoutPruningComputesIt) {
  judged_by_a_process_that_dies();
  EXPECT_FALSE(rows.claim(sweep, {.pruning = true}));
  EXPECT_TRUE(rows.claim(sweep, {}));
}

}  // namespace
}  // namespace rxrun::testing
