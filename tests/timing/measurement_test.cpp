#include "timing/measurement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <fstream>

#include "diagnostics/diagnostic.h"

namespace rxrun {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// A step of 100 ms, of which the optimizer takes 10.
Measurement example() {
  Measurement m{.experiment = "example",
                .input = {3, 64, 64},
                .batch = 64,
                .steps = 10,
                .device = "cpu",
                .precision = "float32",
                .cpu = "a processor",
                .instruction_set = "AVX2",
                .libtorch = "1.13.1",
                .threads = 2,
                .peak_flops = 100e9,
                .step = {0.1, 0.0001},
                .parts = {},
                .loader = LoaderRate{.images_per_second = 6400.0, .threads = 1, .images = 12800}};
  m.parts.push_back({.name = "Conv2d-1",
                     .path = "layer1.0.conv1",
                     .depth = 2,
                     .alone = true,
                     .forward = {0.02, 0.0},
                     .backward = {0.04, 0.0},
                     .forward_flop = 1'000'000'000,
                     .backward_flop = 2'000'000'000});
  m.parts.push_back({.name = "Block-2",
                     .path = "layer1.0",
                     .forward = {0.03, 0.0001},
                     .backward = {0.06, 0.0001},
                     .forward_flop = 1'000'000'000,
                     .backward_flop = 2'000'000'000});
  m.parts.push_back({.name = "optimizer", .path = {}, .forward = {0.01, 0.0}, .backward = {}});
  return m;
}

TEST(Timing, MedianAndItsError) {
  EXPECT_EQ(timing_of({}).seconds, 0.0);
  EXPECT_EQ(timing_of({3.0}).seconds, 3.0);
  EXPECT_EQ(timing_of({3.0}).error, 0.0);
  EXPECT_EQ(timing_of({4.0, 1.0, 2.0, 3.0}).seconds, 2.5);
  // A single repeat that was disturbed moves neither much.
  const Timing timing = timing_of({1.0, 1.1, 0.9, 1.05, 100.0});
  EXPECT_DOUBLE_EQ(timing.seconds, 1.05);
  EXPECT_NEAR(timing.error, 1.4826 * 0.05 * 1.2533 / std::sqrt(5.0) * 2.0, 0.05);
}

TEST(MeasurementTable, SharesRatesAndTheMachinesPart) {
  const Table table = table_of(example(), 0);
  ASSERT_EQ(table.columns, (std::vector<std::string>{"layer", "path", "measured", "forward_ms", "backward_ms", "share",
                                                     "gflops", "of_peak"}));
  ASSERT_EQ(table.rows.size(), 3u);
  const auto& block = table.rows[1];
  EXPECT_EQ(std::get<std::string>(block[2]), "in the step");
  EXPECT_DOUBLE_EQ(std::get<double>(block[3]), 30.0);
  EXPECT_DOUBLE_EQ(std::get<double>(block[5]), 0.9);
  EXPECT_DOUBLE_EQ(std::get<double>(block[6]), 3.0 / 0.09);
  EXPECT_DOUBLE_EQ(std::get<double>(block[7]), 3e9 / 0.09 / 100e9);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(table.rows[2][6]));
  EXPECT_EQ(std::get<std::string>(table.rows[0][2]), "alone");
  EXPECT_EQ(table_of(example(), 1).rows.size(), 2u);
}

class MeasurementFile : public testing::Test {
 protected:
  MeasurementFile() {
    std::string name = (std::filesystem::temp_directory_path() / "rxrun-timing-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~MeasurementFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& text) const {
    std::ofstream(folder_ / "baseline.json") << text;
    return folder_ / "baseline.json";
  }
  std::string fault(const std::string& text) const {
    try {
      read_measurement(write(text));
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::filesystem::path folder_;
};

TEST_F(MeasurementFile, ComesBackAsItWas) {
  const Measurement m = example(), back = read_measurement(write(to_json(m)));
  EXPECT_EQ(to_json(back), to_json(m));
  EXPECT_EQ(back.loader->images_per_second, 6400.0);
  EXPECT_EQ(back.parts[0].alone, true);
  Measurement without = m;
  without.loader.reset();
  EXPECT_FALSE(read_measurement(write(to_json(without))).loader);
}

TEST_F(MeasurementFile, AnythingElseIsAnError) {
  const std::string good = to_json(example());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), good.substr(0, good.size() / 2),
        with("\"format\": 1", "\"format\": 2"), with("\"batch\": 64", "\"batch\": \"64\""),
        with("\"batch\": 64", "\"batch\": 0"), with("\"seconds\": 0.1,", "\"seconds\": -0.1,"),
        with("\"seconds\": 0.1,", "\"seconds\": 1e-300,"),
        with("\"peak_flops\": 100000000000.0", "\"peak_flops\": 1e-300"),
        with("\"images_per_second\": 6400.0", "\"images_per_second\": 0.0")})
    EXPECT_THAT(fault(text), HasSubstr("is not a measurement of `rxrun time`")) << text.substr(0, 200);
}

TEST(Regressions, AreFoundBeyondThresholdAndNoise) {
  const Measurement before = example();
  EXPECT_THAT(regressions(before, before, 0.1), IsEmpty());
  Measurement now = before;
  now.parts[1].backward.seconds = 0.065;
  EXPECT_THAT(regressions(before, now, 0.1), IsEmpty()) << "8 % are within 10";
  const auto found = regressions(before, now, 0.05);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].part, "layer1.0 backward");
  EXPECT_DOUBLE_EQ(found[0].now, 0.065);
  EXPECT_DOUBLE_EQ(std::get<double>(table_of(found).rows[0][3]), 0.065 / 0.06);
  now.parts[1].backward.error = 0.002;
  EXPECT_THAT(regressions(before, now, 0.05), IsEmpty()) << "it may be noise";
  now = before;
  now.step.seconds = 0.12;
  EXPECT_EQ(regressions(before, now, 0.1).at(0).part, "the step");
  EXPECT_THAT(regressions(now, before, 0.1), IsEmpty()) << "faster is no regression";
}

TEST(Regressions, WhatTakesNoTimeIsNotToldOf) {
  Measurement before = example(), now = before;
  before.parts[2].forward.seconds = 1e-5;
  now.parts[2].forward.seconds = 9e-5;
  EXPECT_THAT(regressions(before, now, 0.1), IsEmpty());
}

TEST(Regressions, OfTheLoader) {
  const Measurement before = example();
  Measurement now = before;
  now.loader->images_per_second = 3000.0;
  EXPECT_EQ(regressions(before, now, 0.1).at(0).part, "the loader");
  now.loader->threads = 2;
  EXPECT_THAT(regressions(before, now, 0.1), IsEmpty()) << "not the same work";
  now.loader.reset();
  EXPECT_THAT(regressions(before, now, 0.1), IsEmpty());
}

TEST(Comparison, SaysWhatIsSlowerAndWhatElseIsDifferent) {
  const Measurement before = example();
  Measurement now = before;
  const Comparison same = compare(before, now, 0.1);
  EXPECT_THAT(same.slower, IsEmpty());
  EXPECT_EQ(same.verdict,
            "Nothing is slower by more than 10 % plus the noise; the step takes 1.000 of the baseline's time");
  EXPECT_THAT(same.remarks, IsEmpty());
  now.step.seconds = 0.2;
  EXPECT_EQ(compare(before, now, 0.1).verdict,
            "1 part is slower by more than 10 % plus the noise; the step takes 2.000 of the baseline's time");
  now.loader->images_per_second = 64.0;
  now.peak_flops = 80e9;
  now.cpu = "another";
  const Comparison slower = compare(before, now, 0.25);
  EXPECT_THAT(slower.verdict, HasSubstr("2 parts are slower by more than 25 %"));
  EXPECT_EQ(slower.slower.size(), 2u);
  EXPECT_THAT(slower.remarks, testing::ElementsAre(HasSubstr("another processor, a processor"),
                                                   HasSubstr("the machine itself is 20 % slower")));
  EXPECT_THAT(compare(now, before, 0.1).remarks.at(1), HasSubstr("the machine itself is 25 % faster"));
}

TEST(Regressions, DifferentWorkIsNotCompared) {
  const Measurement before = example();
  const auto fault = [&](auto change) -> std::string {
    Measurement now = before;
    change(now);
    try {
      regressions(before, now, 0.1);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(fault([](Measurement& m) { m.batch = 32; }),
              HasSubstr("the baseline was measured with batch 64, this with 32"));
  EXPECT_THAT(fault([](Measurement& m) { m.input = {3, 32, 32}; }), HasSubstr("3×64×64"));
  EXPECT_THAT(fault([](Measurement& m) { m.precision = "bfloat16"; }), HasSubstr("precision"));
  EXPECT_THAT(fault([](Measurement& m) { m.threads = 1; }), HasSubstr("threads"));
  EXPECT_THAT(fault([](Measurement& m) { m.device = "cuda:0"; }), HasSubstr("device"));
}

}  // namespace
}  // namespace rxrun
