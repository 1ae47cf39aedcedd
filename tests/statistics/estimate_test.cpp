// Against tables and published examples, and by drawing: an interval of 95 % must have the mean in 95 of 100 cases.
#include "statistics/estimate.h"

#include <gmock/gmock.h>

#include "random/random.h"
#include "statistics/paired.h"

namespace rxrun {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(Estimate, MeanDeviationAndIntervalOfStudentsSleepData) {
  // Gosset 1908: the extra hours of sleep that ten patients had of one drug over another.
  const std::vector<double> hours = {1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4};
  const Estimate sleep = estimate(hours);
  EXPECT_EQ(sleep.count, 10);
  EXPECT_NEAR(sleep.mean, 1.58, 1e-12);
  EXPECT_NEAR(*sleep.deviation, 1.229995, 1e-6);
  EXPECT_NEAR(sleep.interval->low, 0.7001142, 1e-6);
  EXPECT_NEAR(sleep.interval->high, 2.4598858, 1e-6);
  EXPECT_NEAR(*p_value_of_zero_mean(sleep), 0.00283289, 1e-7);
}

TEST(Wilson, ShareOfFewAndOfNone) {
  // Newcombe 1998 (Statistics in Medicine 17, 857-872), table I, method 3.
  const auto holds = [](double successes, double count, double low, double high) {
    const Interval interval = wilson_interval(successes / count, count);
    EXPECT_NEAR(interval.low, low, 5e-5) << successes << " of " << count;
    EXPECT_NEAR(interval.high, high, 5e-5) << successes << " of " << count;
  };
  holds(81, 263, 0.2553, 0.3662);
  holds(15, 148, 0.0624, 0.1605);
  holds(0, 20, 0.0000, 0.1611);
  holds(1, 29, 0.0061, 0.1718);
}

TEST(Estimate, OneValueAndEqualValuesSayNothing) {
  const std::vector<double> one = {0.9}, equal = {0.1 + 0.2, 0.3, 0.3};
  EXPECT_FALSE(estimate(one).deviation);
  EXPECT_FALSE(estimate(one).interval);
  EXPECT_FALSE(p_value_of_zero_mean(estimate(one)));
  EXPECT_FALSE(p_value_of_zero_mean(estimate(equal)));
}

TEST(Estimate, TheIntervalHoldsTheMeanAsOftenAsItSays) {
  int held = 0;
  constexpr int kDraws = 4000;
  for (int draw = 0; draw < kDraws; ++draw) {
    RandomStream random(1, Purpose::sample, static_cast<std::uint64_t>(draw));
    std::vector<double> values(4);
    for (double& value : values) value = 0.85 + 0.02 * random.normal();
    const Estimate result = estimate(values);
    held += result.interval->low <= 0.85 && 0.85 <= result.interval->high;
  }
  EXPECT_NEAR(held / static_cast<double>(kDraws), 0.95, 0.012);  // 3.5 standard errors
}

TEST(Estimate, HolmsCorrection) {
  // The example of Holm's procedure in textbooks: each times the number of those not yet passed, never falling.
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.005};
  EXPECT_THAT(holm(p), ElementsAre(DoubleNear(0.03, 1e-12), DoubleNear(0.06, 1e-12), DoubleNear(0.06, 1e-12),
                                   DoubleNear(0.02, 1e-12)));
  EXPECT_THAT(holm(std::vector<double>{0.9, 0.8}), ElementsAre(1.0, 1.0));
  EXPECT_TRUE(holm({}).empty());
}

TEST(Estimate, CountNeeded) {
  // A difference of one deviation: 10 pairs (power.t.test(delta = 1, power = 0.8, type = "paired") gives 9.94).
  const auto needed = count_needed(1.0, 1.0, 0.05, 1000);
  ASSERT_TRUE(needed);
  EXPECT_NEAR(static_cast<double>(*needed), 10.0, 1.0);
  EXPECT_LT(*count_needed(2.0, 1.0, 0.05, 1000), *needed);
  EXPECT_GT(*count_needed(1.0, 1.0, 0.05 / 10, 1000), *needed);
  EXPECT_FALSE(count_needed(0.001, 1.0, 0.05, 1000));
  EXPECT_FALSE(count_needed(0.0, 1.0, 0.05, 1000));
}

TEST(Paired, ComparesOverWhatBothHave) {
  const Observations eight = {{"1", 0.80}, {"2", 0.85}, {"3", 0.90}, {"9", 0.10}};
  const Observations wide = {{"1", 0.82}, {"2", 0.87}, {"3", 0.921}, {"7", 0.99}};
  const Observations lonely = {{"5", 0.5}};
  const auto comparisons = compare_paired(std::vector<Observations>{wide, eight, lonely});
  ASSERT_EQ(comparisons.size(), 3u);
  EXPECT_EQ(comparisons[0].difference.count, 3);
  EXPECT_NEAR(comparisons[0].difference.mean, 0.061 / 3, 1e-12);
  EXPECT_TRUE(comparisons[0].settled) << "seeds vary by 10 points, the difference hardly: pairing sees it";
  EXPECT_EQ(comparisons[1].difference.count, 0);
  EXPECT_FALSE(comparisons[1].settled);
  EXPECT_FALSE(comparisons[1].p_value);
}

TEST(Paired, AmongManyEqualGroupsHardlyEverIsAnyBetter) {
  int alarms = 0;
  constexpr int kTrials = 400;
  for (int trial = 0; trial < kTrials; ++trial) {
    RandomStream random(2, Purpose::sample, static_cast<std::uint64_t>(trial));
    std::vector<Observations> groups(6);
    for (Observations& group : groups)
      for (int seed = 0; seed < 5; ++seed) group[std::to_string(seed)] = random.normal();
    for (const PairedComparison& comparison : compare_paired(groups))
      if (comparison.settled) {
        ++alarms;
        break;
      }
  }
  EXPECT_LT(alarms, 0.08 * kTrials);  // at most 5 % are expected
}

TEST(Paired, TellsHowManyMoreWouldSettleIt) {
  const Observations one = {{"1", 0.80}, {"2", 0.85}, {"3", 0.90}};
  const Observations other = {{"1", 0.81}, {"2", 0.83}, {"3", 0.87}};
  const auto comparison = compare_paired(std::vector<Observations>{one, other}).at(0);
  EXPECT_FALSE(comparison.settled);
  ASSERT_TRUE(comparison.more);
  EXPECT_GT(*comparison.more, 3);
}

}  // namespace
}  // namespace rxrun
