// `rxrun best --by`: means over seeds, and whether one is really better.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "cli/commands.h"
#include "command_output.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BestGroupsTest : public TemporaryResults {
 protected:
  void record(const std::string& cardinality, std::uint64_t seed, double accuracy, const std::string& lr = "1e-4",
              const std::string& experiment = "a", bool generated = false) {
    Recorder recorder(database);
    RunRecord record = run_record(experiment + "-" + std::to_string(++count_), seed);
    set_parameter(record, "network.cardinality", cardinality);
    set_parameter(record, "training.optimizer.adam.lr", lr);
    record.generated_data = generated;
    record.split_hash = "split of seed " + std::to_string(seed);
    const std::int64_t run = recorder.begin(record, split_record());
    recorder.epoch(run, epoch_record(1, 0.5, true));
    Recorder::End end = end_record(accuracy, 1);
    end.metrics["validation_loss"] = 1.0 - accuracy;
    recorder.end(run, end);
  }
  std::string best(const std::string& by, bool paired = false, TableFormat format = TableFormat::text,
                   const std::string& metric = "validation_accuracy", std::vector<std::string> where = {}) {
    BestOptions options;
    options.common = {.results = folder, .format = format};
    options.metric = metric;
    options.by = by;
    options.paired = paired;
    options.where = std::move(where);
    return output_of([&] { return run_best(options); });
  }

 private:
  int count_ = 0;
};

TEST_F(BestGroupsTest, MeansOverSeedsTheBestFirst) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    record("8", seed, 0.80 + 0.02 * static_cast<double>(seed));
    record("32", seed, 0.83 + 0.02 * static_cast<double>(seed) + (seed == 2 ? 0.001 : 0.0));
  }
  record("32", 3, 0.89);  // the same seed again: no fourth
  const auto groups = nlohmann::json::parse(best("cardinality", false, TableFormat::json));
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0]["cardinality"], 32);
  EXPECT_EQ(groups[0]["seeds"], 3);
  EXPECT_EQ(groups[1]["cardinality"], 8);
  EXPECT_NEAR(groups[1]["mean"], 0.84, 1e-12);
  EXPECT_NEAR(groups[1]["deviation"], 0.02, 1e-12);
  EXPECT_NEAR(groups[1]["low"], 0.84 - 4.302652729911275 * 0.02 / std::sqrt(3.0), 1e-9);
  EXPECT_EQ(groups[1]["best_run"], 5);
  EXPECT_EQ(groups[1]["configurations"], 1);
  const std::string page = best("cardinality");
  EXPECT_THAT(
      page,
      HasSubstr("cardinality 32 over 8: +3.0 points, 95 % interval [2.9, 3.2], 3 seeds, settled (p = 0.00012)\n"));
}

TEST_F(BestGroupsTest, SaysWhenItIsNotSettledAndWhatWouldSettleIt) {
  for (const auto& [seed, eight, wide] :
       {std::tuple(1, 0.80, 0.83), std::tuple(2, 0.84, 0.83), std::tuple(3, 0.81, 0.825), std::tuple(4, 0.82, 0.83)}) {
    record("8", static_cast<std::uint64_t>(seed), eight);
    record("32", static_cast<std::uint64_t>(seed), wide);
  }
  EXPECT_THAT(best("cardinality"),
              ::testing::ContainsRegex("cardinality 32 over 8: \\+1.1 points, 95 % interval \\[-1.5, 3.8\\], 4 seeds, "
                                       "not settled; about [0-9]+ more seeds would"));
  // The same runs by their loss: less is better, and no points.
  EXPECT_THAT(best("cardinality", false, TableFormat::text, "validation_loss"),
              HasSubstr("cardinality 32 over 8: -0.01125, 95 % interval [-0.03"));
}

TEST_F(BestGroupsTest, ManyComparisonsAreCorrected) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const double luck = 0.001 * static_cast<double>(seed * seed % 4);
    record("8", seed, 0.80 + luck);
    record("16", seed, 0.81);
    record("32", seed, 0.82 - luck);
  }
  const auto comparisons = nlohmann::json::parse(best("cardinality", true, TableFormat::json));
  ASSERT_EQ(comparisons.size(), 3u);
  EXPECT_EQ(comparisons[0]["pairs"], 3);
  EXPECT_EQ(comparisons[0]["group"], "cardinality 32");
  EXPECT_EQ(comparisons[0]["other"], "cardinality 16");
  EXPECT_EQ(comparisons[1]["other"], "cardinality 8");
  EXPECT_THAT(best("cardinality"), HasSubstr("each p is corrected for 3 comparisons (Holm)"));
}

TEST_F(BestGroupsTest, OneSeedSaysNothingAndHowToGetMore) {
  record("8", 1, 0.80);
  record("32", 1, 0.84);
  const std::string page = best("cardinality");
  EXPECT_THAT(page, HasSubstr("cardinality 32 over 8: +4.0 points, 1 seed, one pair: nothing can be said\n"));
  EXPECT_THAT(
      page,
      HasSubstr(
          "One seed each: nothing can be said about chance. More seeds: rxrun sweep cardinality=32,8 seed=1..5\n"));
}

TEST_F(BestGroupsTest, WithoutACommonSeedThereIsNoComparison) {
  record("8", 1, 0.80);
  record("8", 2, 0.81);
  record("32", 3, 0.84);
  record("32", 4, 0.85);
  EXPECT_THAT(best("cardinality"), HasSubstr("cardinality 32 over 8: no seed (with the same split) in common"));
}

TEST_F(BestGroupsTest, SeveralKeysExperimentsAndMixedGroups) {
  record("8", 1, 0.80, "1e-4");
  record("8", 1, 0.82, "1e-3");
  record("32", 1, 0.84, "1e-4");
  record("32", 1, 0.99, "1e-4", "b");
  record("32", 1, 0.98, "1e-4", "a", true);
  ::testing::internal::CaptureStderr();
  const std::string page = best("cardinality");
  const std::string warning = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(warning, HasSubstr("cardinality 8 mixes 2 configurations"));
  EXPECT_THAT(warning, HasSubstr("GENERATED"));
  EXPECT_THAT(page, Not(HasSubstr("32 over 32"))) << "other experiments and generated data are not compared";
  EXPECT_THAT(best("cardinality,lr"), HasSubstr("cardinality 32, lr 0.0001 over cardinality 8, lr 0.001: +2.0 points"));
  const auto fitting =
      nlohmann::json::parse(best("cardinality", false, TableFormat::json, "validation_accuracy", {"experiment=b"}));
  ASSERT_EQ(fitting.size(), 1u);
  EXPECT_EQ(fitting[0]["mean"], 0.99);
}

TEST_F(BestGroupsTest, Faults) {
  record("8", 1, 0.80);
  const auto fault = [&](const std::string& by, const std::string& metric = "validation_accuracy") {
    return error_of([&] {
      best(by, false, TableFormat::text, metric);
      return 0;
    });
  };
  EXPECT_THAT(fault("cardinalty"), HasSubstr("did you mean `cardinality`?"));
  EXPECT_THAT(fault("cardinality,"), HasSubstr("a key is missing"));
  EXPECT_THAT(fault("seed"), HasSubstr("it cannot be made by seed"));
  EXPECT_THAT(fault("cardinality", "validation_acuracy"), HasSubstr("did you mean `validation_accuracy`?"));
  EXPECT_THAT(fault("cardinality", "status"), HasSubstr("no run has a metric `status`"));
  BestOptions options;
  options.common = {.results = folder};
  options.paired = true;
  EXPECT_THAT(error_of([&] { return run_best(options); }), HasSubstr("--by KEY has to say which"));
}

}  // namespace
}  // namespace rxrun::testing
