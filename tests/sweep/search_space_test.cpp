#include "sweep/search_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "../growth.h"

namespace rxrun::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = SearchDimension::Kind;

SearchSpace space_of(std::vector<std::string> words) {
  words.insert(words.begin(), "a.yaml");
  return SearchSpace(parse_declaration(words));
}

std::string fault(const std::vector<std::string>& words) {
  try {
    SearchSpace{parse_declaration(words)};
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

std::vector<std::string> settings(const Point& point) {
  std::vector<std::string> list;
  for (const Override& one : point.overrides) list.push_back(one.path + "=" + one.value);
  return list;
}

TEST(SearchSpace, ManyValuesAreOrderedInLinearTime) {
  const auto work = [](std::size_t values) { space_of({"w=" + std::to_string(values) + "..1"}); };
  EXPECT_LT(test::growth(work, 80'000), test::kMoreThanLinear);
}

TEST(SearchSpace, EveryKindOfValuesIsADimension) {
  const SearchSpace space =
      space_of({"a=log(1e-5,1e-2)", "b=uniform(0,1)", "c=uniform(16,64,8)", "d=32,8,16", "e=relu,elu", "f=1,2",
                "zip(g=1,2,3; h=4,5,6)", "i=7", "base_width=iso(parameters)"});
  std::vector<std::pair<Kind, std::size_t>> kinds;
  for (const SearchDimension& one : space.dimensions()) kinds.emplace_back(one.kind, one.levels);
  EXPECT_THAT(kinds,
              ElementsAre(std::pair(Kind::continuous, 0), std::pair(Kind::continuous, 0), std::pair(Kind::ordered, 7),
                          std::pair(Kind::ordered, 3), std::pair(Kind::categorical, 2), std::pair(Kind::categorical, 2),
                          std::pair(Kind::categorical, 3)));
  const Point point = space.point({0.0, 0.25, 2, 1, 0, 1, 2});
  EXPECT_THAT(settings(point), ElementsAre("i=7", "a=1e-05", "b=0.25", "c=32", "d=16", "e=relu", "f=2", "g=3", "h=6"));
  EXPECT_EQ(point.fixed, 1u);
  EXPECT_EQ(point.solve, "base_width");
  EXPECT_EQ(point.file, "a.yaml");
}

TEST(SearchSpace, KnowsHowManyPlacesItHas) {
  const auto size = [](std::vector<std::string> words) {
    words.insert(words.begin(), "a.yaml");
    return SearchSpace(parse_declaration(words)).size();
  };
  EXPECT_EQ(size({"c=8,16,32", "w=uniform(16,64,8)"}), 21u);
  EXPECT_FALSE(size({"c=8,16,32", "lr=log(1e-5,1e-2)"}));
}

TEST(SearchSpace, LogarithmsAreSpreadEvenly) {
  const SearchSpace space = space_of({"lr=log(1e-4,1e-2)"});
  EXPECT_THAT(settings(space.point({0.5})), ElementsAre("lr=0.001"));
}

TEST(SearchSpace, TheOrderOfTheWordsDoesNotMatter) {
  EXPECT_EQ(space_of({"lr=log(1e-4,1e-2)", "batch=8,16,32"}).text(),
            space_of({"batch=32,8,16", "lr=log(1e-4,1e-2)"}).text());
  EXPECT_NE(space_of({"batch=8,16,32"}).text(), space_of({"batch=8,16,64"}).text());
  EXPECT_NE(space_of({"lr=log(1e-4,1e-2)"}).text(), space_of({"lr=uniform(1e-4,1e-2)"}).text());
}

TEST(SearchSpace, WhatCannotBeSearchedIsAnError) {
  EXPECT_THAT(fault({"a.yaml", "b.yaml", "lr=log(1e-4,1e-2)"}), HasSubstr("a single experiment file"));
  EXPECT_THAT(fault({"a.yaml", "lr=log(1e-4,1e-2)", "seed=1..3"}), HasSubstr("luckiest"));
  EXPECT_THAT(fault({"a.yaml", "lr=0.1"}), HasSubstr("nothing to search over"));
}

TEST(SearchSpace, TheStartIsTheSameForTheSameSeedAndNeverTwiceTheSamePlace) {
  const SearchSpace space = space_of({"a=1,2,3", "b=x,y"});
  std::vector<TriedPoint> tried;
  std::set<Coordinates> places;
  for (std::uint64_t position = 1; position <= 6; ++position) {
    const Coordinates at = space.start(1, position, tried);
    EXPECT_EQ(at, space.start(1, position, tried));
    EXPECT_TRUE(places.insert(at).second);
    tried.push_back({.at = at, .state = TriedPoint::State::finished, .value = at[0]});
  }
  EXPECT_TRUE(space.start(1, 7, tried).empty()) << "all six are tried";
  EXPECT_TRUE(space.next(1, 7, 0, tried).empty());
  tried.pop_back();
  EXPECT_FALSE(space.next(1, 7, 0, tried).empty());
}

TEST(SearchSpace, AnotherSeedOrAttemptChoosesOtherwise) {
  const SearchSpace space = space_of({"lr=log(1e-4,1e-2)"});
  const std::vector<TriedPoint> tried = {{.at = {0.3}, .state = TriedPoint::State::finished, .value = 1.0},
                                         {.at = {0.7}, .state = TriedPoint::State::finished, .value = 0.0}};
  const Coordinates first = space.next(1, 3, 0, tried);
  EXPECT_EQ(space.next(1, 3, 0, tried), first);
  EXPECT_NE(space.next(2, 3, 0, tried), first);
  EXPECT_NE(space.next(1, 3, 1, tried), first);
  EXPECT_NE(space.next(1, 4, 0, tried), first);
}

}  // namespace
}  // namespace rxrun::testing
