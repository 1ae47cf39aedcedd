#include "training/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rxrun {
namespace {

using Kind = ScheduleSpec::Kind;

// Expected rates were written down from torch.optim.lr_scheduler with lr = 0.1.
void expect_by_epoch(const ScheduleSpec& spec, std::int64_t epochs, const std::vector<double>& rates) {
  const Schedule schedule(spec, 0.1, epochs, 7);
  for (std::size_t e = 0; e < rates.size(); ++e) {
    EXPECT_NEAR(schedule.rate(static_cast<std::int64_t>(e), 0), rates[e], 1e-15) << "epoch " << e;
    EXPECT_EQ(schedule.rate(static_cast<std::int64_t>(e), 0), schedule.rate(static_cast<std::int64_t>(e), 6))
        << "epoch " << e;
  }
}

void expect_by_step(const ScheduleSpec& spec, const std::vector<double>& rates) {
  // The same steps, whether they are two epochs or one.
  const std::int64_t half = static_cast<std::int64_t>(rates.size()) / 2;
  const Schedule two(spec, 0.1, 2, half), one(spec, 0.1, 1, 2 * half);
  for (std::int64_t s = 0; s < 2 * half; ++s) {
    EXPECT_NEAR(two.rate(s / half, s % half), rates[static_cast<std::size_t>(s)], 1e-15) << "step " << s;
    EXPECT_EQ(two.rate(s / half, s % half), one.rate(0, s)) << "step " << s;
  }
}

TEST(Schedule, Constant) { expect_by_epoch({}, 3, {0.1, 0.1, 0.1}); }
TEST(Schedule, Step) {
  expect_by_epoch({.kind = Kind::step, .step = 3, .gamma = 0.5}, 8, {0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025});
}
TEST(Schedule, MultiStep) {
  expect_by_epoch({.kind = Kind::multi_step, .milestones = {2, 5}, .gamma = 0.1}, 8,
                  {0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001});
}
TEST(Schedule, Exponential) {
  expect_by_epoch({.kind = Kind::exponential, .gamma = 0.9}, 5, {0.1, 0.09, 0.081, 0.0729, 0.06561});
}
TEST(Schedule, Cosine) {
  expect_by_epoch(
      {.kind = Kind::cosine, .minimum = 0.01}, 6,
      {0.1, 0.09397114317029975, 0.07750000000000001, 0.055000000000000014, 0.032500000000000015, 0.01602885682970026});
}
TEST(Schedule, PolynomialByStep) {
  expect_by_step({.kind = Kind::polynomial, .power = 2.0},
                 {0.1, 0.0765625, 0.05625, 0.0390625, 0.025, 0.0140625, 0.00625, 0.0015625});
}
TEST(Schedule, OneCycleByStep) {
  expect_by_step({.kind = Kind::one_cycle},
                 {0.0040000000000000036, 0.052000000000000005, 0.1, 0.09504846320134738, 0.0811745653949763,
                  0.06112620219362893, 0.03887419780637107, 0.0188258346050237, 0.004951936798652629, 4e-07});
}

TEST(Schedule, OneCycleEndsAtAShareOfItsStart) {
  const Schedule schedule({.kind = Kind::one_cycle, .start_factor = 10.0, .end_factor = 100.0, .peak = 0.5}, 0.1, 2, 5);
  EXPECT_NEAR(schedule.rate(0, 0), 0.01, 1e-15);
  EXPECT_NEAR(schedule.rate(0, 4), 0.1, 1e-15);
  EXPECT_NEAR(schedule.rate(1, 4), 0.0001, 1e-15);
}

TEST(Schedule, AfterTheEndItStays) {
  const Schedule schedule({.kind = Kind::one_cycle}, 0.1, 2, 5);
  EXPECT_EQ(schedule.rate(2, 0), schedule.rate(1, 4));
  EXPECT_TRUE(std::isfinite(Schedule({.kind = Kind::polynomial, .power = 0.5}, 0.1, 2, 5).rate(7, 3)));
}

TEST(Schedule, OneCycleOfFewSteps) {
  for (const std::int64_t steps : {1, 2, 3}) {
    const Schedule schedule({.kind = Kind::one_cycle}, 0.1, 1, steps);
    for (std::int64_t s = 0; s < steps; ++s) {
      EXPECT_GT(schedule.rate(0, s), 0.0) << steps;
      EXPECT_LE(schedule.rate(0, s), 0.1) << steps;
    }
  }
}

TEST(Schedule, WarmUpRisesByStep) {
  const Schedule schedule({.warm_up = 2.0}, 0.1, 5, 4);
  EXPECT_NEAR(schedule.rate(0, 0), 0.1 / 8, 1e-15);
  EXPECT_NEAR(schedule.rate(0, 3), 0.1 / 2, 1e-15);
  EXPECT_NEAR(schedule.rate(1, 2), 0.1 * 7 / 8, 1e-15);
  EXPECT_NEAR(schedule.rate(1, 3), 0.1, 1e-15);
  EXPECT_NEAR(schedule.rate(4, 3), 0.1, 1e-15);
}

// The test losses of the article's 32 epochs give the rates that it printed.
TEST(ReduceOnPlateau, AsTheArticlesLog) {
  const std::vector<double> losses = {0.433, 0.321, 0.320, 0.294, 0.314, 0.290, 0.281, 0.279, 0.244, 0.279,
                                      0.340, 0.379, 0.334, 0.324, 0.367, 0.337, 0.359, 0.373, 0.391, 0.405,
                                      0.426, 0.432, 0.435, 0.444, 0.437, 0.457, 0.458, 0.443, 0.432};
  Schedule schedule({.kind = Kind::reduce_on_plateau, .metric = "validation_loss", .factor = 0.1, .patience = 5}, 1e-4,
                    32, 100);
  for (std::size_t epoch = 1; epoch <= losses.size(); ++epoch) {
    schedule.after_epoch({{"validation_loss", losses[epoch - 1]}});
    const double expected = epoch < 15 ? 1e-4 : epoch < 21 ? 1e-5 : epoch < 27 ? 1e-6 : 1e-7;
    EXPECT_NEAR(schedule.rate(static_cast<std::int64_t>(epoch), 0), expected, expected * 1e-9) << "epoch " << epoch;
  }
}

TEST(ReduceOnPlateau, LargerIsBetterForAnAccuracy) {
  Schedule schedule({.kind = Kind::reduce_on_plateau, .metric = "validation_accuracy", .factor = 0.5, .patience = 0},
                    0.1, 9, 1);
  for (const double value : {0.5, 0.6, 0.7}) schedule.after_epoch({{"validation_accuracy", value}});
  EXPECT_EQ(schedule.rate(3, 0), 0.1);
  schedule.after_epoch({{"validation_accuracy", 0.70005}});  // within the relative threshold of 1e-4
  EXPECT_EQ(schedule.rate(4, 0), 0.05);
  schedule.after_epoch({{"validation_accuracy", 0.7002}});
  EXPECT_EQ(schedule.rate(5, 0), 0.05);
}

TEST(ReduceOnPlateau, NotBelowTheMinimumNorByTooLittle) {
  Schedule schedule({.kind = Kind::reduce_on_plateau, .minimum = 0.03, .factor = 0.5, .patience = 0}, 0.1, 9, 1);
  for (int i = 0; i < 5; ++i) schedule.after_epoch({{"validation_loss", 1.0}});
  EXPECT_EQ(schedule.rate(5, 0), 0.03);
  Schedule tiny({.kind = Kind::reduce_on_plateau, .factor = 0.5, .patience = 0}, 1e-8, 9, 1);
  for (int i = 0; i < 5; ++i) tiny.after_epoch({{"validation_loss", 1.0}});
  EXPECT_EQ(tiny.rate(5, 0), 1e-8);
}

TEST(ReduceOnPlateau, NotANumberIsABadEpoch) {
  Schedule schedule({.kind = Kind::reduce_on_plateau, .factor = 0.5, .patience = 1}, 0.1, 9, 1);
  schedule.after_epoch({{"validation_loss", 1.0}});
  for (int i = 0; i < 2; ++i) schedule.after_epoch({{"validation_loss", std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_EQ(schedule.rate(3, 0), 0.05);
}

TEST(ReduceOnPlateau, GoesOnWhereItWas) {
  const ScheduleSpec spec{.kind = Kind::reduce_on_plateau, .factor = 0.5, .patience = 1};
  Schedule whole(spec, 0.1, 9, 1), first(spec, 0.1, 9, 1), second(spec, 0.1, 9, 1);
  const std::vector<double> losses = {1.0, 1.0, 1.0, 0.9, 0.95, 0.95};
  for (const double loss : losses) whole.after_epoch({{"validation_loss", loss}});
  for (std::size_t i = 0; i < 2; ++i) first.after_epoch({{"validation_loss", losses[i]}});
  second.restore(first.plateau());
  for (std::size_t i = 2; i < losses.size(); ++i) second.after_epoch({{"validation_loss", losses[i]}});
  EXPECT_EQ(whole.plateau(), second.plateau());
  EXPECT_EQ(whole.rate(6, 0), 0.025);
}

TEST(ReduceOnPlateau, AMissingMetricIsAnError) {
  Schedule schedule({.kind = Kind::reduce_on_plateau, .metric = "validation_auc"}, 0.1, 9, 1);
  EXPECT_THROW(schedule.after_epoch({{"validation_loss", 1.0}}), Error);
}

}  // namespace
}  // namespace rxrun
