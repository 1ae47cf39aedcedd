#include "random/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace rxrun {
namespace {

// Pinned: another value here means that every recorded run has lost its repeatability.
TEST(RandomStream, GivesTheSameNumbersForEver) {
  RandomStream stream(365, Purpose::shuffle, 3, 14);
  const std::uint64_t expected[] = {0x7921206d525a59b0ull, 0xc4f2306571771493ull, 0x5fd97f48f807f847ull,
                                    0x5a90fc8157c52500ull};
  for (std::uint64_t value : expected) EXPECT_EQ(stream.next(), value);
  EXPECT_EQ(RandomStream(0, Purpose::split).next(), 0x984f522f9cd294c1ull);
  EXPECT_EQ(RandomStream(1, Purpose::sample, ~0ull, ~0ull).next(), 0x88ebdd9db19405c0ull);
  EXPECT_EQ(RandomStream(7, Purpose::augment, 1, 2).below(1000), 777u);
  EXPECT_DOUBLE_EQ(RandomStream(7, Purpose::augment, 1, 2).uniform(), 0.77764016444268058);
  EXPECT_DOUBLE_EQ(RandomStream(7, Purpose::initialize, 1, 2).normal(), -0.40630594637356821);
  EXPECT_EQ(key_of("stages.0.conv1.weight", 21), 0x32c3be59ffad5917ull);
  EXPECT_EQ(key_of("", 0), 0xcbf29ce484222325ull);
  EXPECT_EQ(key_of("a", 1), 0xaf63dc4c8601ec8cull);  // FNV-1a's published value
}

TEST(RandomStream, ShufflesTheSameWayForEver) {
  std::vector<int> values(8);
  std::iota(values.begin(), values.end(), 0);
  RandomStream(365, Purpose::shuffle, 1).shuffle(values);
  EXPECT_EQ(values, (std::vector<int>{0, 1, 6, 5, 4, 7, 3, 2}));
}

TEST(RandomStream, EveryPartOfTheKeyMatters) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed : {0, 1, 2}) {
    for (Purpose purpose :
         {Purpose::split, Purpose::shuffle, Purpose::augment, Purpose::initialize, Purpose::layer, Purpose::sample}) {
      for (std::uint64_t a = 0; a < 20; ++a) {
        for (std::uint64_t b = 0; b < 20; ++b) first.insert(RandomStream(seed, purpose, a, b).next());
      }
    }
  }
  EXPECT_EQ(first.size(), 3u * 6 * 20 * 20);
}

TEST(RandomStream, UniformIsUniform) {
  RandomStream stream(1, Purpose::sample);
  constexpr int draws = 100'000, bins = 50;
  std::vector<int> count(bins);
  for (int i = 0; i < draws; ++i) {
    const double value = stream.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    ++count[static_cast<std::size_t>(value * bins)];
  }
  double chi_squared = 0;
  for (int observed : count) chi_squared += std::pow(observed - draws / bins, 2) / (draws / bins);
  EXPECT_LT(chi_squared, 85.4);  // 0.1 % point for 49 degrees of freedom
  EXPECT_GT(chi_squared, 23.9);
}

// The first draws of neighbouring streams are as independent as one stream's.
TEST(RandomStream, NeighbouringStreamsAreUniformTogether) {
  constexpr int draws = 100'000, bins = 50;
  std::vector<int> count(bins);
  for (int i = 0; i < draws; ++i)
    ++count[static_cast<std::size_t>(RandomStream(365, Purpose::augment, 0, i).uniform() * bins)];
  double chi_squared = 0;
  for (int observed : count) chi_squared += std::pow(observed - draws / bins, 2) / (draws / bins);
  EXPECT_LT(chi_squared, 85.4);
  EXPECT_GT(chi_squared, 23.9);
}

TEST(RandomStream, BelowReachesEveryValueAndNoOther) {
  RandomStream stream(2, Purpose::sample);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(stream.below(1), 0u);
  std::vector<int> count(7);
  for (int i = 0; i < 70'000; ++i) ++count.at(stream.below(7));
  for (int observed : count) EXPECT_NEAR(observed, 10'000, 450);  // 4.9 deviations
  const std::uint64_t large = (1ull << 63) + 1;                   // half of all draws are rejected
  std::uint64_t greatest = 0, least = ~0ull;
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t value = stream.below(large);
    ASSERT_LT(value, large);
    greatest = std::max(greatest, value);
    least = std::min(least, value);
  }
  EXPECT_GT(greatest, large / 100 * 98);
  EXPECT_LT(least, large / 100 * 2);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(stream.below(~0ull), ~0ull);
}

TEST(RandomStream, UniformKeepsItsRange) {
  RandomStream stream(3, Purpose::sample);
  for (int i = 0; i < 10'000; ++i) {
    const double value = stream.uniform(-2.5, 4.0);
    ASSERT_GE(value, -2.5);
    ASSERT_LT(value, 4.0);
  }
  EXPECT_EQ(stream.uniform(2.0, 2.0), 2.0);
}

TEST(RandomStream, NormalHasTheMomentsOfTheNormal) {
  RandomStream stream(4, Purpose::initialize);
  constexpr int draws = 200'000;
  double sum = 0, squares = 0, fourth = 0;
  int within_one = 0;
  for (int i = 0; i < draws; ++i) {
    const double value = stream.normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
    fourth += value * value * value * value;
    within_one += std::abs(value) < 1.0;
  }
  EXPECT_NEAR(sum / draws, 0.0, 0.01);
  EXPECT_NEAR(squares / draws, 1.0, 0.015);
  EXPECT_NEAR(fourth / draws, 3.0, 0.1);
  EXPECT_NEAR(static_cast<double>(within_one) / draws, 0.6827, 0.005);
}

TEST(RandomStream, ChanceIsThatOften) {
  RandomStream stream(5, Purpose::augment);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_FALSE(stream.chance(0.0));
    EXPECT_TRUE(stream.chance(1.0));
    hits += stream.chance(0.3);
  }
  EXPECT_NEAR(hits, 30'000, 700);
}

TEST(RandomStream, ShuffleKeepsTheValuesAndIsFair) {
  std::vector<int> position(4);
  for (int i = 0; i < 24'000; ++i) {
    std::vector<int> values = {0, 1, 2, 3};
    RandomStream(6, Purpose::shuffle, static_cast<std::uint64_t>(i)).shuffle(values);
    ++position[static_cast<std::size_t>(std::find(values.begin(), values.end(), 0) - values.begin())];
    std::sort(values.begin(), values.end());
    ASSERT_EQ(values, (std::vector<int>{0, 1, 2, 3}));
  }
  for (int observed : position) EXPECT_NEAR(observed, 6000, 300);
  std::vector<int> none, one = {9};
  RandomStream(6, Purpose::shuffle).shuffle(none);
  RandomStream(6, Purpose::shuffle).shuffle(one);
  EXPECT_EQ(one, std::vector<int>{9});
}

}  // namespace
}  // namespace rxrun
