#include "sweep/tpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <iostream>

namespace rxrun::testing {
namespace {

using Kind = SearchDimension::Kind;
using State = TriedPoint::State;

const std::vector<SearchDimension> line = {{.kind = Kind::continuous}};

TriedPoint finished(double at, double value) { return {.at = {at}, .state = State::finished, .value = value}; }

// The mean place that is chosen next over many draws.
double mean_choice(const std::vector<TriedPoint>& tried) {
  double sum = 0.0;
  constexpr int draws = 200;
  for (std::uint64_t i = 0; i < draws; ++i) {
    RandomStream random(i, Purpose::sweep);
    sum += promising_point(line, tried, random)[0];
  }
  return sum / draws;
}

TEST(Tpe, AnyPointLiesInTheSpaceAndReachesAllOfIt) {
  const std::vector<SearchDimension> space = {
      {.kind = Kind::continuous}, {.kind = Kind::ordered, .levels = 4}, {.kind = Kind::categorical, .levels = 3}};
  std::vector<int> ordered(4), categorical(3);
  double least = 1.0, most = 0.0;
  RandomStream random(1, Purpose::sweep);
  for (int i = 0; i < 200; ++i) {
    const Coordinates at = any_point(space, random);
    least = std::min(least, at[0]);
    most = std::max(most, at[0]);
    ++ordered.at(static_cast<std::size_t>(at[1]));
    ++categorical.at(static_cast<std::size_t>(at[2]));
  }
  EXPECT_LT(least, 0.05);
  EXPECT_GT(most, 0.95);
  EXPECT_THAT(ordered, ::testing::Each(::testing::Gt(20)));
  EXPECT_THAT(categorical, ::testing::Each(::testing::Gt(30)));
}

TEST(Tpe, WhatIsChosenLiesInTheSpace) {
  const std::vector<SearchDimension> space = {
      {.kind = Kind::continuous}, {.kind = Kind::ordered, .levels = 5}, {.kind = Kind::categorical, .levels = 1}};
  std::vector<TriedPoint> tried;
  for (std::uint64_t i = 0; i < 300; ++i) {
    RandomStream random(i, Purpose::sweep);
    const Coordinates at = promising_point(space, tried, random);
    ASSERT_EQ(at.size(), 3u);
    EXPECT_TRUE(at[0] >= 0.0 && at[0] < 1.0) << at[0];
    EXPECT_TRUE(at[1] == std::floor(at[1]) && at[1] >= 0.0 && at[1] <= 4.0) << at[1];
    EXPECT_EQ(at[2], 0.0);
    // The best is at the border.
    if (i % 10 == 0) tried.push_back({.at = at, .state = State::finished, .value = at[0] + at[1]});
  }
}

TEST(Tpe, ChoosesNearWhatWasGood) {
  std::vector<TriedPoint> tried;
  for (int i = 0; i < 20; ++i) tried.push_back(finished(i / 20.0, -std::abs(i / 20.0 - 0.8)));
  EXPECT_NEAR(mean_choice(tried), 0.8, 0.1);
}

TEST(Tpe, TheSameArgumentsGiveTheSameChoice) {
  const std::vector<TriedPoint> tried = {finished(0.1, 1.0), finished(0.5, 2.0), finished(0.9, 0.0)};
  RandomStream a(3, Purpose::sweep), b(3, Purpose::sweep), c(4, Purpose::sweep);
  const Coordinates first = promising_point(line, tried, a);
  EXPECT_EQ(promising_point(line, tried, b), first);
  EXPECT_NE(promising_point(line, tried, c), first);
}

TEST(Tpe, KeepsAwayFromWhatFailsAndFromWhatRuns) {
  std::vector<TriedPoint> tried = {finished(0.5, 1.0)};
  const double alone = mean_choice(tried);
  for (const State state : {State::failed, State::open}) {
    std::vector<TriedPoint> more = tried;
    for (int i = 0; i < 5; ++i) more.push_back({.at = {0.55 + 0.1 * i}, .state = state});
    EXPECT_LT(mean_choice(more), alone - 0.1);
  }
}

TEST(Tpe, APrunedPointCountsAfterTheFinishedOnesAndByHowFarItCame) {
  const auto pruned = [](double at, double value, std::int64_t epochs) {
    return TriedPoint{.at = {at}, .state = State::pruned, .value = value, .epochs = epochs};
  };
  // The value alone would say 0.9.
  std::vector<TriedPoint> tried = {pruned(0.9, 5.0, 1), finished(0.1, 1.0), pruned(0.8, 4.0, 1), pruned(0.7, 4.0, 1)};
  EXPECT_LT(mean_choice(tried), 0.35);
  tried = {pruned(0.9, 5.0, 1), pruned(0.1, 1.0, 4), pruned(0.8, 4.0, 1), pruned(0.7, 4.0, 1)};
  EXPECT_LT(mean_choice(tried), 0.35);
}

TEST(Tpe, WithoutAnythingGoodItGuesses) {
  RandomStream a(1, Purpose::sweep), b(1, Purpose::sweep);
  EXPECT_EQ(promising_point(line, {{.at = {0.5}, .state = State::failed}, {.at = {0.1}}}, a), any_point(line, b));
}

// Six settings of a training, of which the learning rate counts the most: the shortfall of 40 guesses from the best
// there is, and that of 40 chosen points. Means over 100 searches, and in how many the choice is ahead.
TEST(Tpe, FindsMoreThanGuessesDo) {
  const std::vector<SearchDimension> space = {{.kind = Kind::continuous},
                                              {.kind = Kind::continuous},
                                              {.kind = Kind::ordered, .levels = 6},
                                              {.kind = Kind::ordered, .levels = 5},
                                              {.kind = Kind::categorical, .levels = 4},
                                              {.kind = Kind::categorical, .levels = 3}};
  const auto value = [](const Coordinates& at) {
    return -2.0 * std::pow(at[0] - 0.6, 2) - std::pow(at[1] - 0.1, 2) - 0.05 * std::abs(at[2] - 4.0) -
           0.05 * std::abs(at[3] - 1.0) - 0.2 * (at[4] != 2.0) - 0.1 * (at[5] != 1.0);
  };
  constexpr std::uint64_t searches = 100, trials = 40, start = 10;
  double guessed = 0.0, chosen = 0.0, ahead = 0.0;
  for (std::uint64_t search = 0; search < searches; ++search) {
    double best_guess = -10.0, best_choice = -10.0;
    std::vector<TriedPoint> tried;
    for (std::uint64_t trial = 0; trial < trials; ++trial) {
      RandomStream random(search, Purpose::sweep, trial, 1), other(search, Purpose::sweep, trial, 2);
      const Coordinates guess = any_point(space, random);
      const Coordinates choice = trial < start ? guess : promising_point(space, tried, other);
      tried.push_back({.at = choice, .state = State::finished, .value = value(choice)});
      best_guess = std::max(best_guess, value(guess));
      best_choice = std::max(best_choice, value(choice));
    }
    guessed -= best_guess / searches;
    chosen -= best_choice / searches;
    ahead += (best_choice > best_guess ? 1.0 : best_choice == best_guess ? 0.5 : 0.0) / searches;
  }
  std::cout << "short of the best after " << trials << " points: " << guessed << " by guesses, " << chosen
            << " chosen; ahead in " << 100 * ahead << " % of the searches\n";
  EXPECT_LT(chosen, guessed / 2);
  EXPECT_GT(ahead, 0.9);
}

}  // namespace
}  // namespace rxrun::testing
