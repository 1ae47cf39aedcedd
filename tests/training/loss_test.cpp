#include "training/loss.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "diagnostics/diagnostic.h"

namespace rxrun {
namespace {

const std::vector<std::vector<double>> scores = {{2.0, -1.0, 0.5}, {0.0, 3.0, 1.0}, {1.0, 1.0, 1.0}};
const std::vector<std::int64_t> targets = {0, 2, 1};

at::Tensor logits() { return torch::tensor({2.0f, -1.0f, 0.5f, 0.0f, 3.0f, 1.0f, 1.0f, 1.0f, 1.0f}).view({3, 3}); }
at::Tensor labels() { return torch::tensor(targets); }

double log_softmax(std::size_t i, std::size_t c) {
  double sum = 0.0;
  for (const double x : scores[i]) sum += std::exp(x);
  return scores[i][c] - std::log(sum);
}

TEST(Loss, CrossEntropy) {
  const Loss loss({}, {1, 1, 1}, "cpu");
  const double expected = -(log_softmax(0, 0) + log_softmax(1, 2) + log_softmax(2, 1));
  EXPECT_NEAR(loss.mean(logits(), labels()).item<double>(), expected / 3, 1e-6);
  EXPECT_NEAR(loss.sum(logits(), labels()).item<double>(), expected, 1e-6);
  EXPECT_EQ(loss.weight(labels()).item<double>(), 3.0);
}

TEST(Loss, ClassWeights) {
  const Loss loss({.class_weights = {1.0, 2.0, 4.0}}, {1, 1, 1}, "cpu");
  const double expected = -(log_softmax(0, 0) + 4 * log_softmax(1, 2) + 2 * log_softmax(2, 1));
  EXPECT_NEAR(loss.sum(logits(), labels()).item<double>(), expected, 1e-5);
  EXPECT_EQ(loss.weight(labels()).item<double>(), 7.0);
  EXPECT_NEAR(loss.mean(logits(), labels()).item<double>(), expected / 7, 1e-6);
}

TEST(Loss, BalancedByTheTrainingPartsCounts) {
  // 12 images, 3 classes: weights 12 / (3 × count).
  const Loss loss({.balanced = true}, {2, 4, 6}, "cpu");
  EXPECT_NEAR(loss.weight(torch::tensor(std::vector<std::int64_t>{0})).item<double>(), 2.0, 1e-6);
  EXPECT_NEAR(loss.weight(torch::tensor(std::vector<std::int64_t>{1})).item<double>(), 1.0, 1e-6);
  EXPECT_NEAR(loss.weight(torch::tensor(std::vector<std::int64_t>{2})).item<double>(), 2.0 / 3.0, 1e-6);
}

TEST(Loss, LabelSmoothing) {
  const Loss loss({.label_smoothing = 0.3}, {1, 1, 1}, "cpu");
  double expected = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t c = 0; c < 3; ++c)
      expected -= (0.1 + (static_cast<std::int64_t>(c) == targets[i] ? 0.7 : 0.0)) * log_softmax(i, c);
  }
  EXPECT_NEAR(loss.mean(logits(), labels()).item<double>(), expected / 3, 1e-6);
}

TEST(Loss, ComputedInFloat32WhateverTheLogitsAre) {
  const Loss loss({}, {1, 1, 1}, "cpu");
  EXPECT_EQ(loss.mean(logits().to(at::kBFloat16), labels()).scalar_type(), at::kFloat);
}

TEST(Loss, AsManyWeightsAsClasses) { EXPECT_THROW(Loss({.class_weights = {1.0, 2.0}}, {1, 1, 1}, "cpu"), Error); }

TEST(Mixup, BlendsImagesAndTargets) {
  Mixup mixup;
  mixup.share = 0.75;
  mixup.partner = {2, 0, 1};
  const at::Tensor pixels = torch::tensor({0.0f, 4.0f, 8.0f}).view({3, 1, 1, 1});
  EXPECT_TRUE(at::allclose(mixup.blend(pixels).flatten(), torch::tensor({2.0f, 3.0f, 7.0f})));
  const Loss loss({}, {1, 1, 1}, "cpu");
  const double expected = -0.75 * (log_softmax(0, 0) + log_softmax(1, 2) + log_softmax(2, 1)) -
                          0.25 * (log_softmax(0, 1) + log_softmax(1, 0) + log_softmax(2, 2));
  EXPECT_NEAR(mixup.loss(loss, logits(), labels()).item<double>(), expected / 3, 1e-6);
}

// One mean, weighted by what each image has of both classes: partners are the batch in another order, so that the
// weights of one side sum to those of the other.
TEST(Mixup, WeighsByBothLabels) {
  const std::vector<double> weights = {1.0, 2.0, 4.0};
  const Loss loss({.class_weights = weights}, {1, 1, 1}, "cpu");
  Mixup mixup;
  mixup.share = 0.75;
  mixup.partner = {2, 0, 1};
  double sum = 0.0, weight = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::int64_t own = targets[i], other = targets[static_cast<std::size_t>(mixup.partner[i])];
    for (const auto& [share, label] : {std::pair(0.75, own), std::pair(0.25, other)}) {
      const double w = share * weights[static_cast<std::size_t>(label)];
      sum -= w * log_softmax(i, static_cast<std::size_t>(label));
      weight += w;
    }
  }
  EXPECT_NEAR(mixup.loss(loss, logits(), labels()).item<double>(), sum / weight, 1e-6);
}

TEST(Mixup, TheSameDrawsForTheSameStream) {
  RandomStream a(1, Purpose::layer, 2, 3), b(1, Purpose::layer, 2, 3), c(1, Purpose::layer, 2, 4);
  const Mixup first = Mixup::draw(a, 0.2, 16), again = Mixup::draw(b, 0.2, 16), other = Mixup::draw(c, 0.2, 16);
  EXPECT_EQ(first.share, again.share);
  EXPECT_EQ(first.partner, again.partner);
  EXPECT_NE(first.share, other.share);
}

// Mean 1/2 and variance 1 / (4 (2 alpha + 1)), within five standard errors.
TEST(SymmetricBeta, HasItsMoments) {
  for (const double alpha : {0.1, 0.4, 1.0, 3.0}) {
    RandomStream random(5, Purpose::layer);
    constexpr int draws = 40'000;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < draws; ++i) {
      const double x = draw_symmetric_beta(random, alpha);
      ASSERT_GE(x, 0.0);
      ASSERT_LE(x, 1.0);
      sum += x;
      squares += (x - 0.5) * (x - 0.5);
    }
    const double variance = 1.0 / (4.0 * (2.0 * alpha + 1.0));
    EXPECT_NEAR(sum / draws, 0.5, 5 * std::sqrt(variance / draws)) << alpha;
    EXPECT_NEAR(squares / draws, variance, 0.03 * variance + 0.001) << alpha;
  }
}

}  // namespace
}  // namespace rxrun
