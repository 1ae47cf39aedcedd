#include "sweep/points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace rxrun {
namespace {

using testing::ElementsAre;

std::vector<std::string> in_words(const std::vector<Point>& points) {
  std::vector<std::string> lines;
  for (const Point& point : points) {
    std::string line = point.file.string();
    for (const Override& change : point.overrides) line += " " + change.path + "=" + change.value;
    lines.push_back(line + (point.solve.empty() ? "" : " ?" + point.solve));
  }
  return lines;
}

TEST(Points, TheLastDimensionIsTheFastestAndFilesTheSlowest) {
  const Declaration declaration = parse_declaration({"a.yaml", "b.yaml", "epochs=1", "c=8,16", "zip(x=1,2; y=3,4)"});
  EXPECT_THAT(in_words(expand(declaration, {})),
              ElementsAre("a.yaml epochs=1 c=8 x=1 y=3", "a.yaml epochs=1 c=8 x=2 y=4", "a.yaml epochs=1 c=16 x=1 y=3",
                          "a.yaml epochs=1 c=16 x=2 y=4", "b.yaml epochs=1 c=8 x=1 y=3", "b.yaml epochs=1 c=8 x=2 y=4",
                          "b.yaml epochs=1 c=16 x=1 y=3", "b.yaml epochs=1 c=16 x=2 y=4"));
  EXPECT_EQ(count_points(declaration, {}), 8u);
}

TEST(Points, MoreThanMemoryIsForAreRefusedBeforeTheyAreMade) {
  const Declaration draws = parse_declaration({"a.yaml", "lr=log(1e-5,1e-2)"});
  EXPECT_EQ(count_points(draws, {.trials = 1'000'000'000}), 1'000'000'000u);
  EXPECT_THROW(expand(draws, {.trials = 1'000'000'000}), Error);
  std::vector<std::string> words = {"a.yaml"};
  for (int i = 0; i < 100; ++i) words.push_back("k" + std::to_string(i) + "=1..1000");
  EXPECT_THROW(expand(parse_declaration(words), {}), Error);
  EXPECT_EQ(expand(parse_declaration({"a.yaml", "x=1..1000", "y=1..100"}), {}).size(), 100'000u);
}

TEST(Points, AWidthToBeSolvedIsLeftOpen) {
  EXPECT_THAT(in_words(expand(parse_declaration({"a.yaml", "c=1,2", "w=iso(parameters)"}), {})),
              ElementsAre("a.yaml c=1 ?w", "a.yaml c=2 ?w"));
}

TEST(Points, DrawsStayWithinBoundsAndAreTheSameInEveryPointOfTheGrid) {
  const Declaration declaration =
      parse_declaration({"a.yaml", "lr=log(1e-5,1e-2)", "p=uniform(0,0.5)", "w=uniform(16,64,8)", "c=1,2"});
  const std::vector<Point> points = expand(declaration, {.trials = 200});
  ASSERT_EQ(points.size(), 400u);
  int below_middle = 0;
  std::set<std::string> widths;
  for (std::size_t i = 0; i < points.size(); i += 2) {
    const double lr = std::stod(points[i].overrides[0].value), p = std::stod(points[i].overrides[1].value);
    EXPECT_TRUE(lr >= 1e-5 && lr <= 1e-2) << lr;
    EXPECT_TRUE(p >= 0 && p <= 0.5) << p;
    below_middle += lr < std::sqrt(1e-5 * 1e-2);
    widths.insert(points[i].overrides[2].value);
    for (int key = 0; key < 3; ++key) EXPECT_EQ(points[i].overrides[key].value, points[i + 1].overrides[key].value);
  }
  EXPECT_NEAR(below_middle, 100, 30) << "even in the logarithm";
  EXPECT_THAT(widths, ElementsAre("16", "24", "32", "40", "48", "56", "64"));
}

TEST(Points, MoreTrialsOnlyAddAndAnotherSeedDrawsAnew) {
  const Declaration declaration = parse_declaration({"a.yaml", "lr=log(1e-5,1e-2)"});
  const std::vector<Point> few = expand(declaration, {.trials = 3}), many = expand(declaration, {.trials = 5});
  for (std::size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i], many[i]);
  EXPECT_FALSE(expand(declaration, {.trials = 3, .seed = 2})[0] == few[0]);
}

TEST(Points, OfStepsNoDrawComesTwiceAndThereAreNoMoreThanThereAre) {
  const Declaration declaration = parse_declaration({"a.yaml", "w=uniform(16,64,8)", "d=uniform(1,2,1)"});
  EXPECT_EQ(different_draws(declaration), 14u);
  EXPECT_EQ(count_points(declaration, {.trials = 50}), 14u);
  const std::vector<std::string> all = in_words(expand(declaration, {.trials = 50}));
  EXPECT_EQ(all.size(), 14u);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 14u);
  for (const std::int64_t trials : {1, 7, 13}) {
    const std::vector<std::string> some = in_words(expand(declaration, {.trials = trials}));
    EXPECT_EQ(some, std::vector<std::string>(all.begin(), all.begin() + trials)) << "more trials only add";
  }
  EXPECT_EQ(count_points(parse_declaration({"a.yaml", "w=uniform(16,64,8)", "c=1,2"}), {.trials = 50}), 14u);
  EXPECT_FALSE(different_draws(parse_declaration({"a.yaml", "w=uniform(16,64,8)", "p=uniform(0,1)"})));
  EXPECT_FALSE(different_draws(parse_declaration({"a.yaml", "c=1,2"})));
}

TEST(Points, TrialsAndDrawsBelongTogether) {
  EXPECT_THROW(expand(parse_declaration({"a.yaml", "lr=log(1e-5,1e-2)"}), {}), Error);
  EXPECT_THROW(expand(parse_declaration({"a.yaml", "lr=1,2"}), {.trials = 3}), Error);
}

TEST(Points, AreCountedWithoutBeingMade) {
  const Declaration declaration = parse_declaration({"a=1..100000", "b=1..100000", "c=1..100000", "d=1..100000"});
  EXPECT_GE(count_points(declaration, {}), 1'000'000'000'000u);
}

}  // namespace
}  // namespace rxrun
