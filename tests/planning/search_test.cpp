#include "planning/search.h"

#include "planning.h"

namespace rxrun::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Of 14 places 10 are drawn at the start, and a batch of 0 cannot be built. Whether it is drawn, the seed decides.
TEST_F(Planning, ASearchTellsOfAPointThatCannotBeBuiltAndOfTheEndOfItsSpace) {
  const std::string file = (place.folder() / "tiny.yaml").string();
  SweepPlanner planner({}, observer);
  SweepPlan plan;
  std::optional<SweepSearch> search;
  for (std::uint64_t seed = 1; seed <= 20 && !search; ++seed) {
    try {
      search.emplace(DeclaredSearch{SearchSpace(parse_declaration({file, "batch=0..13"})), 20, seed}, planner, plan,
                     observer);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("batch")) << "what is drawn at the start is checked at once";
    }
  }
  ASSERT_TRUE(search);
  EXPECT_EQ(plan.points.size(), 10u);
  EXPECT_EQ(plan.expected, 14u);
  observer.told.clear();

  SweepRows rows(place.folder() / "results.db");
  SweepRecord record{.name = "tiny", .declaration = {}, .command = {}, .points = {}, .search = search->text()};
  for (const PlannedPoint& one : plan.points)
    record.points.push_back({one.identity, one.resolved, settings_json(one), one.coordinates});
  const std::int64_t sweep = rows.open(record);
  while (search->more(rows, sweep)) {
  }
  EXPECT_THAT(observer.told, ElementsAre(AllOf(StartsWith("unusable: "), HasSubstr("batch")), "exhausted after 13"));
  EXPECT_EQ(plan.points.size(), 13u);
}

}  // namespace
}  // namespace rxrun::test
