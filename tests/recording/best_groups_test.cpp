// `rxrun best --by`: means over seeds, and whether one is really better.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <functional>
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
    if (change) change(record);
    const std::int64_t run = recorder.begin(record, split_record());
    EpochRecord epoch = epoch_record(1, accuracy, true);
    epoch.metrics["validation_loss"] = 1.0 - accuracy;
    recorder.epoch(run, epoch);
    recorder.end(run, end_record(0.5, 1));
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

  std::function<void(RunRecord&)> change;

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
  const std::string file = (folder / "a.yaml").string();
  change = [&](RunRecord& record) { record.file = file; };
  record("8", 1, 0.80);
  record("32", 1, 0.84);
  // A run of another experiment, and one without cardinality: neither has a place in the command.
  record("16", 1, 0.70, "1e-4", "b");
  change = [&](RunRecord& record) {
    record.file = file;
    std::erase_if(record.params, [](const auto& parameter) { return parameter.first == "network.cardinality"; });
  };
  record("", 1, 0.75);
  const std::string page = best("cardinality");
  EXPECT_THAT(page, HasSubstr("cardinality 32 over 8: +4.0 points, 1 seed, one pair only: nothing can be concluded\n"));
  EXPECT_THAT(page, HasSubstr("One seed each: the difference may be chance; run each with more seeds\n"))
      << "the file is gone";
  std::ofstream(file) << "name: a\n";
  EXPECT_THAT(best("cardinality"),
              HasSubstr("One seed each: the difference may be chance. To run more seeds: rxrun sweep " + file +
                        " cardinality=32,8 seed=1..5\n"));
  EXPECT_THAT(best("parameters"), Not(HasSubstr("rxrun sweep"))) << "which is counted, and not declared";
}

TEST_F(BestGroupsTest, MoreSeedsOfSeveralExperiments) {
  for (const char* name : {"plain", "deep net"}) {
    const std::string file = (folder / (std::string(name) + ".yaml")).string();
    std::ofstream(file) << "name: a\n";
    change = [&](RunRecord& record) { record.file = file; };
    record("8", 1, name == std::string("plain") ? 0.80 : 0.84, "1e-4", name);
  }
  EXPECT_THAT(best("experiment"), HasSubstr("To run more seeds: rxrun sweep '" + (folder / "deep net.yaml").string() +
                                            "' " + (folder / "plain.yaml").string() + " seed=1..5\n"));
}

TEST_F(BestGroupsTest, WithoutACommonSeedThereIsNoComparison) {
  record("8", 1, 0.80);
  record("8", 2, 0.81);
  record("32", 3, 0.84);
  record("32", 4, 0.85);
  EXPECT_THAT(best("cardinality"), HasSubstr("cardinality 32 over 8: no seeds (with the same split) in common"));
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
  EXPECT_THAT(page, HasSubstr("b, cardinality 32 over a, cardinality 32: +15.0 points, 1 seed"));
  EXPECT_EQ(nlohmann::json::parse(best("cardinality", true, TableFormat::json)).size(), 3u)
      << "generated data are not compared";
  EXPECT_THAT(best("cardinality,lr"), HasSubstr("cardinality 32, lr 0.0001 over cardinality 8, lr 0.001: +2.0 points"));
  const auto fitting =
      nlohmann::json::parse(best("cardinality", false, TableFormat::json, "validation_accuracy", {"experiment=b"}));
  ASSERT_EQ(fitting.size(), 1u);
  EXPECT_EQ(fitting[0]["mean"], 0.99);
}

// A seed on other images, or on images divided otherwise, is no further seed of the same configuration.
TEST_F(BestGroupsTest, OtherImagesAndOtherSplitsAreGroupsOfTheirOwn) {
  const auto run = [&](const std::string& cardinality, std::uint64_t seed, double accuracy, const std::string& content,
                       const std::string& split_seed) {
    change = [=](RunRecord& record) {
      record.content_hash = content;
      record.params.push_back({"data.split.train", "0.7"});
      if (!split_seed.empty()) record.params.push_back({"data.split.seed", split_seed});
      record.split_hash = "split " + (split_seed.empty() ? std::to_string(seed) : split_seed);
    };
    record(cardinality, seed, accuracy);
  };
  for (const char* cardinality : {"8", "32"}) {
    const double more = cardinality == std::string("8") ? 0.0 : 0.01;
    run(cardinality, 1, 0.80 + more, "aaaa1111", "");
    run(cardinality, 2, 0.81 + more, "aaaa1111", "");
    run(cardinality, 3, 0.70 + more, "bbbb2222", "");   // other images
    run(cardinality, 1, 0.60 + more, "aaaa1111", "7");  // drawn once for all seeds
    run(cardinality, 7, 0.62 + more, "aaaa1111", "7");  // of which one is the split's own
    run(cardinality, 4, 0.82 + more, "aaaa1111", "4");  // says what is so anyway
  }
  const auto groups = nlohmann::json::parse(best("cardinality", false, TableFormat::json));
  ASSERT_EQ(groups.size(), 6u);
  EXPECT_EQ(groups[0]["seeds"], 3);
  EXPECT_NEAR(groups[0]["mean"], 0.82, 1e-12);
  EXPECT_EQ(groups[0]["content_hash"], "aaaa1111");
  EXPECT_EQ(groups[0]["split"], "train=0.7");
  EXPECT_EQ(groups[2]["seeds"], 1);
  EXPECT_EQ(groups[2]["content_hash"], "bbbb2222");
  EXPECT_EQ(groups[4]["seeds"], 2);
  EXPECT_NEAR(groups[4]["mean"], 0.62, 1e-12);
  EXPECT_EQ(groups[4]["split"], "train=0.7, seed=7");
  ::testing::internal::CaptureStderr();
  const std::string page = best("cardinality");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("warning: the runs are on 2 different sets of images, which are averaged separately"));
  EXPECT_THAT(page, HasSubstr("\nimages aaaa1111, split train=0.7, seed=7:\n"
                              "  cardinality 32 over 8: +1.0 points, "));
  EXPECT_EQ(nlohmann::json::parse(best("cardinality", true, TableFormat::json)).size(), 3u) << "none across the images";
  EXPECT_EQ(
      nlohmann::json::parse(best("cardinality", false, TableFormat::json, "validation_accuracy", {"content_hash=bbbb"}))
          .size(),
      2u);
}

// What a file and an experiment are called says nothing about images, split and scores.
TEST_F(BestGroupsTest, ExperimentsOnTheSameImagesAreComparedWhateverTheirNames) {
  const std::vector<std::string> names = {"plain", "wide", "deep", "wider"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    change = [&](RunRecord& record) {
      record.file = "experiments/" + names[i] + ".yaml";
      record.configuration += names[i];
      record.params.push_back({"data.split.train", "0.7"});
    };
    for (std::uint64_t seed = 1; seed <= 4; ++seed)
      record("8", seed, 0.80 + 0.02 * static_cast<double>(i) + 0.001 * static_cast<double>((seed + i) % 5), "1e-4",
             names[i]);
  }
  const auto comparisons = nlohmann::json::parse(best("experiment", true, TableFormat::json));
  ASSERT_EQ(comparisons.size(), 6u);
  EXPECT_EQ(comparisons[0]["experiment"], "wider");
  EXPECT_EQ(comparisons[0]["other_experiment"], "deep");
  for (const auto& comparison : comparisons) {
    EXPECT_EQ(comparison["pairs"], 4);
    EXPECT_EQ(comparison["settled"], true) << comparison["words"];
  }
  EXPECT_THAT(best("experiment", true), HasSubstr("experiment wider over deep: +2.0 points"));
  EXPECT_THAT(best("experiment"), HasSubstr("experiment wider over plain: +5.9 points"));
  const auto groups = nlohmann::json::parse(best("experiment", false, TableFormat::json));
  ASSERT_EQ(groups.size(), 4u);
  EXPECT_EQ(groups[0]["experiment"], "wider");
  EXPECT_EQ(best("experiment", false, TableFormat::csv).substr(0, 24), "experiment,data,seeds,me");
  // Grouped by anything else, an experiment is told where there are several.
  EXPECT_EQ(nlohmann::json::parse(best("cardinality", true, TableFormat::json)).size(), 6u);
  EXPECT_THAT(best("cardinality"), HasSubstr("wider, cardinality 8 over plain, cardinality 8: +5.9 points"));
}

TEST_F(BestGroupsTest, ExperimentsOnOtherImagesOrSplitsAreNotCompared) {
  const auto run = [&](const std::string& experiment, double accuracy, const std::string& content,
                       const std::string& rule, const std::string& split, bool generated = false) {
    change = [=](RunRecord& record) {
      record.content_hash = content;
      record.params.push_back({"data.split.train", rule});
      record.split_hash = split;
    };
    record("8", 1, accuracy, "1e-4", experiment, generated);
  };
  run("plain", 0.80, "aaaa1111", "0.7", "x");
  run("images", 0.81, "bbbb2222", "0.7", "x");  // other ones
  run("split", 0.82, "aaaa1111", "0.6", "y");   // drawn by another rule
  run("sample", 0.83, "aaaa1111", "0.7", "x", true);
  EXPECT_EQ(nlohmann::json::parse(best("experiment", true, TableFormat::json)).size(), 0u);
  run("named", 0.84, "aaaa1111", "train", "x");       // said otherwise, and the same split
  run("larger", 0.85, "cccc3333", "0.7", "x", true);  // another sample
  const auto comparisons = nlohmann::json::parse(best("experiment", true, TableFormat::json));
  ASSERT_EQ(comparisons.size(), 2u);
  EXPECT_THAT(comparisons[0]["words"],
              HasSubstr("experiment larger over sample: no seeds (with the same split) in common"));
  EXPECT_THAT(comparisons[1]["words"], HasSubstr("experiment named over plain: +4.0 points, 1 seed"));
  EXPECT_THAT(best("experiment"), HasSubstr("\nimages aaaa1111, split train=train:\n  experiment named over plain: "));
}

// Student's interval of 0.97 and 0.99 ends at 1.11.
TEST_F(BestGroupsTest, AnIntervalKeepsToWhatTheMetricCanBe) {
  record("8", 1, 0.97);
  record("8", 2, 0.99);
  record("32", 1, 0.01);
  record("32", 2, 0.99);
  const auto groups = nlohmann::json::parse(best("cardinality", false, TableFormat::json));
  EXPECT_EQ(groups[0]["high"], 1.0);
  EXPECT_NEAR(groups[0]["low"], 0.98 - 0.127, 1e-3);
  EXPECT_EQ(groups[1]["low"], 0.0);
  EXPECT_THAT(best("cardinality"), HasSubstr("+48.0 points, 95 % interval [-100.0, 100.0], 2 seeds"));
  EXPECT_EQ(nlohmann::json::parse(best("cardinality", false, TableFormat::json, "validation_loss"))[1]["low"], 0.0);
}

TEST_F(BestGroupsTest, TruthValuesAreJsons) {
  record("8", 1, 0.80, "true");
  record("8", 1, 0.81, "false");
  const auto groups = nlohmann::json::parse(best("lr", false, TableFormat::json));
  EXPECT_EQ(groups[0]["lr"], false);
  EXPECT_EQ(nlohmann::json::parse(best("lr", true, TableFormat::json))[0]["settled"], false);
  EXPECT_THAT(best("lr"), HasSubstr("lr false over true: +1.0 points"));
}

TEST_F(BestGroupsTest, KeysThatEndInTheSameWordHaveTheirWholeNames) {
  change = [](RunRecord& record) { record.params.emplace_back("training.other.lr", "2"); };
  record("8", 1, 0.8);
  const auto groups = nlohmann::json::parse(best("adam.lr,other.lr,cardinality", false, TableFormat::json));
  EXPECT_EQ(groups.at(0).at("training.optimizer.adam.lr"), 1e-4);
  EXPECT_EQ(groups[0].at("training.other.lr"), 2);
  EXPECT_EQ(groups[0].at("cardinality"), 8);
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
  EXPECT_THAT(fault(""), HasSubstr("--by '': a key is missing"));
  EXPECT_THAT(fault(",cardinality"), HasSubstr("a key is missing"));
  EXPECT_THAT(fault("cardinality,cardinality"),
              HasSubstr("`cardinality` and `cardinality` are both network.cardinality"));
  EXPECT_THAT(fault("cardinality,experiment,network.cardinality"),
              HasSubstr("`cardinality` and `network.cardinality` are both network.cardinality"));
  EXPECT_THAT(fault("seed"), HasSubstr("cannot be grouped by seed"));
  EXPECT_THAT(fault("cardinality", "validation_acuracy"), HasSubstr("did you mean `validation_accuracy`?"));
  EXPECT_THAT(fault("cardinality", "status"), HasSubstr("no run has a metric `status`"));
  BestOptions options;
  options.common = {.results = folder};
  options.paired = true;
  EXPECT_THAT(error_of([&] { return run_best(options); }), HasSubstr("--by KEY must say which"));
}

}  // namespace
}  // namespace rxrun::testing
