// A shell script stands in for the measuring process.
#include "planning/jobs.h"

#include <gmock/gmock.h>

#include "machine/cores.h"
#include "planning.h"

namespace rxrun::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Jobs : public Planning {
 protected:
  // `script` finds the number of threads in $0.
  int best(const std::string& script) {
    const auto command = [&](const std::filesystem::path&, int threads, const std::filesystem::path& log) {
      return WorkerCommand{.program = "/bin/sh", .arguments = {"-c", script, std::to_string(threads)}, .log = log};
    };
    return best_jobs(file, "name: a\n", available_cores(), command, observer, stop);
  }

  const std::filesystem::path file = place.folder() / "kept/jobs.json";
  std::atomic<int> stop{0};
};

TEST_F(Jobs, TheNumberWithTheMostImagesASecondIsMeasuredOnceAndKept) {
  if (available_cores() < 2) GTEST_SKIP() << "one core leaves no choice";
  EXPECT_EQ(best("printf '{\n\"images_per_second\": 5}\n'"), available_cores());
  EXPECT_THAT(observer.told.front(), "measuring");
  EXPECT_THAT(observer.told.at(1), StartsWith("1 at a time: 5"));
  EXPECT_THAT(observer.told.back(),
              StartsWith(fmt::format("{} at a time: {}", available_cores(), 5 * available_cores())));
  observer.told.clear();
  EXPECT_EQ(best("exit 1"), available_cores());
  EXPECT_THAT(observer.told, IsEmpty());
  EXPECT_EQ(kept_jobs(file), available_cores());
}

TEST_F(Jobs, OneProcessWithAllThreadsMayBeTheBest) {
  if (available_cores() < 2) GTEST_SKIP() << "one core leaves no choice";
  EXPECT_EQ(best("printf '{\n\"images_per_second\": %d}\n' $(($0 * $0))"), 1);
  EXPECT_EQ(kept_jobs(file), 1);
}

TEST_F(Jobs, WhereNothingCanBeMeasuredItIsOneACoreAndNothingIsKept) {
  EXPECT_EQ(best("exit 1"), available_cores());
  EXPECT_THAT(observer.told.back(),
              HasSubstr("could not be measured (a training that was to be timed failed); running one on each core"));
  EXPECT_EQ(kept_jobs(file), 0);
}

TEST_F(Jobs, PointsThatDoNotFitIntoMemoryAreWarnedOfUnlessForced) {
  SweepPlan plan{.points = {PlannedPoint{}, PlannedPoint{}}, .expected = 2, .warnings = {}, .notes = {}};
  for (PlannedPoint& point : plan.points) point.memory = std::int64_t{1} << 60;
  EXPECT_EQ(expected_jobs({.jobs = 2}, plan, observer), 1);
  EXPECT_THAT(observer.told, ElementsAre(HasSubstr("a point may need")));
  observer.told.clear();
  EXPECT_EQ(expected_jobs({.jobs = 2, .force = true}, plan, observer), 2);
  EXPECT_THAT(observer.told, IsEmpty());
}

}  // namespace
}  // namespace rxrun::test
