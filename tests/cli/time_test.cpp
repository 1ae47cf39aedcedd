// `rxrun time` as a user starts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "program.h"

namespace rxrun::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class TimeCommand : public testing::Test {
 protected:
  TimeCommand() { place_.write("tiny.yaml", tiny_experiment(1)); }

  Finished time(std::vector<std::string> words) const {
    if (std::find(words.begin(), words.end(), "--steps") == words.end()) words.insert(words.end(), {"--steps", "2"});
    words.insert(words.begin(), {"time", "tiny.yaml"});
    return place_.rxrun(words);
  }

  Workplace place_;
};

TEST_F(TimeCommand, ShowsEveryLayerTheStepAndTheLoader) {
  const Finished shown = time({});
  ASSERT_EQ(shown.code, 0) << shown.err;
  for (const char* text :
       {"Conv2d-1", "BatchNorm2d-2", "Linear", "loss", "optimizer", "rest", "A step of 8 images at 3×16×16",
        "large matrix product", "The loader alone delivers", "generated images/s with 1 thread:"})
    EXPECT_THAT(shown.out, HasSubstr(text));
  EXPECT_FALSE(std::filesystem::exists(place_.results()));
}

TEST_F(TimeCommand, TablesForOtherPrograms) {
  const Finished csv = time({"--csv", "--no-data"});
  EXPECT_THAT(csv.out, StartsWith("layer,path,measured,forward_ms,backward_ms,share,gflops,of_peak\n"));
  EXPECT_THAT(csv.out, Not(HasSubstr("A step of")));
  EXPECT_THAT(time({"--markdown", "--no-data"}).out, StartsWith("| layer | path |"));
}

TEST_F(TimeCommand, WithoutDataTheStepIsTimedAllTheSame) {
  const Finished shown = time(
      {"data.source=class_folders", "data.path=nowhere", "data.sample=null", "--input", "3x16x16", "--classes", "2"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.err, HasSubstr("the loader is not measured: no data at"));
  EXPECT_THAT(shown.out, HasSubstr("A step of 8 images"));
}

// What is slower is decided in measurement_test.cpp, on fixed values; here, how the program tells it. So the baselines
// are such that no machine can be as slow or as fast: a step of years, and one of a nanosecond. A
// single step has no noise.
TEST_F(TimeCommand, ComparesWithABaseline) {
  const Finished measured = time({"--steps", "1", "--json"});
  ASSERT_EQ(measured.code, 0) << measured.err;
  const nlohmann::json baseline = nlohmann::json::parse(measured.out);
  EXPECT_GT(baseline["loader"]["images_per_second"], 0.0);
  EXPECT_GT(baseline["peak_flops"], 0.0);

  const auto with = [&](double seconds) {
    nlohmann::json other = baseline;
    other["step"] = {{"seconds", seconds}, {"error", 0.0}};
    for (nlohmann::json& part : other["parts"])
      for (const char* pass : {"forward", "backward"}) part[pass] = {{"seconds", seconds}, {"error", 0.0}};
    other["loader"]["images_per_second"] = 1.0 / seconds;
    return other.dump();
  };
  place_.write("slow.json", with(1e9));
  const Finished faster = time({"--steps", "1", "--compare", "slow.json"});
  EXPECT_EQ(faster.code, 0) << faster.err;
  EXPECT_THAT(faster.out, HasSubstr("Nothing is slower by more than 10 %"));
  place_.write("fast.json", with(1e-9));
  const Finished slower = time({"--steps", "1", "--compare", "fast.json", "-q"});
  EXPECT_EQ(slower.code, 1);
  EXPECT_THAT(slower.err, testing::AllOf(HasSubstr("the step"), HasSubstr("the loader"), HasSubstr("conv1")));
}

TEST_F(TimeCommand, ABaselineOfSomethingElseIsAnError) {
  const Finished missing = time({"--compare", "none.json"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("none.json"));
  place_.write("other.json", "{\"a\": 1}");
  const Finished other = time({"--compare", "other.json"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("is not a measurement of `rxrun time`: a value is missing or of another type"));
  EXPECT_THAT(time({"--compare", "tiny.yaml"}).err,
              HasSubstr("tiny.yaml is not a measurement of `rxrun time`: it is not JSON"));
}

}  // namespace
}  // namespace rxrun::test
