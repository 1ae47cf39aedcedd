// `rxrun time` as a user starts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
    words.insert(words.begin(), {"time", "tiny.yaml", "--steps", "2"});
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

TEST_F(TimeCommand, ComparesWithABaseline) {
  const Finished measured = time({"--json"});
  ASSERT_EQ(measured.code, 0) << measured.err;
  nlohmann::json baseline = nlohmann::json::parse(measured.out);
  EXPECT_GT(baseline["loader"]["images_per_second"], 0.0);
  EXPECT_GT(baseline["peak_flops"], 0.0);

  // As if everything had taken a hundred times as long, and then a hundredth of it.
  const auto scaled = [&](double factor) {
    nlohmann::json other = baseline;
    other["step"]["seconds"] = factor * other["step"]["seconds"].get<double>();
    other["step"]["error"] = 0.0;
    for (nlohmann::json& part : other["parts"]) {
      for (const char* pass : {"forward", "backward"}) {
        part[pass]["seconds"] = factor * part[pass]["seconds"].get<double>();
        part[pass]["error"] = 0.0;
      }
    }
    other["loader"]["images_per_second"] = other["loader"]["images_per_second"].get<double>() / factor;
    return other.dump();
  };
  place_.write("slow.json", scaled(100.0));
  const Finished faster = time({"--compare", "slow.json"});
  EXPECT_EQ(faster.code, 0) << faster.err;
  EXPECT_THAT(faster.out, HasSubstr("Nothing is slower by more than 10 %"));
  place_.write("fast.json", scaled(0.01));
  const Finished slower = time({"--compare", "fast.json", "-q"});
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
