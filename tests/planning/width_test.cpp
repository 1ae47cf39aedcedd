#include "planning/width.h"

#include "planning.h"

namespace rxrun::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A batch of 8 and 2 epochs in the file: any number that grows with a key will do.
TEST_F(Planning, AnOpenValueKeepsTheNumberOfTheFile) {
  WidthSolver solver([](const CheckedExperiment& checked) {
    return checked.experiment().data.batch * checked.experiment().training.epochs;
  });
  Point open = point({{"epochs", "4"}});
  open.solve = "batch";
  const Point solved = solver.solve(open);
  EXPECT_EQ(solved.overrides.back().path, "batch");
  EXPECT_EQ(solved.overrides.back().value, "4");
  EXPECT_EQ(solved.solve, "");
  EXPECT_THAT(solver.notes(), ElementsAre(HasSubstr("+0.0 % from the declared 16")));
}

TEST_F(Planning, AnOpenValueThatChangesNothingIsAnError) {
  WidthSolver solver([](const CheckedExperiment&) { return 7; });
  Point open = point({});
  open.solve = "batch";
  EXPECT_THROW(solver.solve(open), Error);
}

}  // namespace
}  // namespace rxrun::test
