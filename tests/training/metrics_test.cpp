#include "training/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "diagnostics/diagnostic.h"
#include "experiment/metric.h"

namespace rxrun {
namespace {

Predictions predictions(std::int64_t classes, std::vector<std::int64_t> labels, std::vector<float> probabilities) {
  Predictions p;
  p.classes = classes;
  p.labels = std::move(labels);
  p.probabilities = std::move(probabilities);
  for (std::size_t i = 0; i < p.labels.size(); ++i) p.samples.push_back(static_cast<std::int64_t>(i));
  p.loss_sum = 3.0;
  p.loss_weight = 4.0;
  return p;
}

TEST(Score, GivesWhatTheTableOfScoresNames) {
  std::set<std::string> named, given;
  for (const Score& one : all_scores) named.emplace(one.name);
  for (const auto& [name, value] : score(predictions(2, {0, 1}, {0.9f, 0.1f, 0.2f, 0.8f}))) given.insert(name);
  EXPECT_EQ(given, named);
}

TEST(Likeliest, IsTheLowestOfEqualsAndTheFirstOfNoNumbers) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  const auto of = [](std::vector<float> row) { return likeliest(row); };
  EXPECT_EQ(of({0.1f, 0.7f, 0.2f}), 1);
  EXPECT_EQ(of({0.2f, 0.4f, 0.4f}), 1);
  EXPECT_EQ(of({none, none}), 0);
  const Predictions two = predictions(2, {0, 1}, {0.9f, 0.1f, 0.2f, 0.8f});
  EXPECT_EQ(likeliest(probabilities_of(two, 1)), 1);
}

TEST(Watched, AMetricThatWasNotMeasuredIsAnError) {
  EXPECT_EQ(watched({{"validation_auc", 0.5}}, "validation_auc", "keep_best"), 0.5);
  try {
    watched({}, "validation_auc", "keep_best");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "keep_best watches validation_auc, which could not be measured this epoch");
  }
}

TEST(AreaUnderRoc, CountsPairs) {
  // Positives 0.35 and 0.8 against negatives 0.1 and 0.4: three of four pairs are in order.
  EXPECT_DOUBLE_EQ(area_under_roc(std::vector<float>{0.1f, 0.4f, 0.35f, 0.8f}, std::vector<std::uint8_t>{0, 0, 1, 1}),
                   0.75);
  EXPECT_DOUBLE_EQ(area_under_roc(std::vector<float>{0.9f, 0.8f, 0.2f, 0.1f}, std::vector<std::uint8_t>{1, 1, 0, 0}),
                   1.0);
  EXPECT_DOUBLE_EQ(area_under_roc(std::vector<float>{0.9f, 0.8f, 0.2f, 0.1f}, std::vector<std::uint8_t>{0, 0, 1, 1}),
                   0.0);
}

TEST(AreaUnderRoc, TiesCountOneHalf) {
  EXPECT_DOUBLE_EQ(area_under_roc(std::vector<float>{0.5f, 0.5f, 0.5f, 0.5f}, std::vector<std::uint8_t>{1, 0, 1, 0}),
                   0.5);
  // Pairs of positives {0.5, 0.9} and negatives {0.5, 0.1, 0.5}: 0.5 + 1 + 0.5 + 3 of 6.
  EXPECT_DOUBLE_EQ(
      area_under_roc(std::vector<float>{0.5f, 0.5f, 0.9f, 0.1f, 0.5f}, std::vector<std::uint8_t>{1, 0, 1, 0, 0}),
      5.0 / 6.0);
}

TEST(Score, TwoClasses) {
  // Labels 0 0 0 1; guesses 0 0 1 1.
  const auto values =
      score(predictions(2, {0, 0, 0, 1}, {0.9f, 0.1f, 0.75f, 0.25f, 0.25f, 0.75f, 0.5f - 0.25f, 0.75f}));
  EXPECT_DOUBLE_EQ(values.at("accuracy"), 0.75);
  EXPECT_DOUBLE_EQ(values.at("balanced_accuracy"), (2.0 / 3.0 + 1.0) / 2.0);
  EXPECT_DOUBLE_EQ(values.at("loss"), 0.75);
  EXPECT_DOUBLE_EQ(values.at("f1"), (2.0 * 2 / (3 + 2) + 2.0 * 1 / (1 + 2)) / 2.0);
  EXPECT_NEAR(values.at("brier"), (0.01 + 0.0625 + 0.5625 + 0.0625) / 4.0, 1e-7);
  EXPECT_DOUBLE_EQ(values.at("auc"), (1.0 + 1.0 + 0.5) / 3.0);
}

TEST(Score, ThreeClassesOneAgainstTheRest) {
  const auto values = score(predictions(3, {0, 1, 2}, {0.6f, 0.3f, 0.1f, 0.5f, 0.4f, 0.1f, 0.2f, 0.1f, 0.7f}));
  EXPECT_DOUBLE_EQ(values.at("accuracy"), 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(values.at("auc"), 1.0);
  EXPECT_NEAR(values.at("brier"), (0.16 + 0.09 + 0.01 + 0.25 + 0.36 + 0.01 + 0.04 + 0.01 + 0.09) / 3.0, 1e-6);
  EXPECT_DOUBLE_EQ(values.at("f1"), (2.0 / 3.0 + 0.0 + 1.0) / 3.0);
}

TEST(Score, NoAreaWhereAClassHasNoImage) {
  EXPECT_FALSE(score(predictions(2, {1, 1}, {0.2f, 0.8f, 0.4f, 0.6f})).contains("auc"));
  EXPECT_FALSE(score(predictions(3, {0, 1}, {1.f, 0.f, 0.f, 0.f, 1.f, 0.f})).contains("auc"));
}

TEST(Score, AClassWithoutImagesDoesNotCount) {
  const auto values = score(predictions(3, {0, 1}, {1.f, 0.f, 0.f, 0.f, 1.f, 0.f}));
  EXPECT_DOUBLE_EQ(values.at("balanced_accuracy"), 1.0);
  EXPECT_DOUBLE_EQ(values.at("f1"), 1.0);
}

TEST(Score, NotANumberIsNoArea) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto values = score(predictions(2, {0, 1}, {nan, nan, 0.4f, 0.6f}));
  EXPECT_FALSE(values.contains("auc"));
  EXPECT_TRUE(std::isnan(values.at("brier")));
}

TEST(Score, NoImagesNoValues) { EXPECT_TRUE(score(predictions(2, {}, {})).empty()); }

}  // namespace
}  // namespace rxrun
