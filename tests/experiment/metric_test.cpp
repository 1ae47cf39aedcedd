#include "experiment/metric.h"

#include <gtest/gtest.h>

#include "experiment/experiment.h"

namespace rxrun {
namespace {

TEST(Metric, WhichAreToGrow) {
  EXPECT_TRUE(larger_is_better("validation_accuracy"));
  EXPECT_TRUE(larger_is_better("test_auc"));
  EXPECT_FALSE(larger_is_better("validation_loss"));
  EXPECT_FALSE(larger_is_better("validation_brier"));
  EXPECT_TRUE(larger_is_better("test_of_another_program"));
}

TEST(Metric, WhichAreShares) {
  EXPECT_TRUE(is_share("test_balanced_accuracy"));
  EXPECT_TRUE(is_share("validation_f1"));
  EXPECT_FALSE(is_share("validation_loss"));
  EXPECT_FALSE(is_share("validation_brier"));
  EXPECT_FALSE(is_share("test_of_another_program"));
}

// As the lines of the epochs print them, as PyTorch and Keras call them, and mistyped.
TEST(Metric, WhichOneIsMeant) {
  std::vector<std::string> all = watchable_metrics();
  for (const Score& score : all_scores) all.push_back("test_" + std::string(score.name));
  const std::pair<const char*, const char*> words[] = {{"test_acc", "test_accuracy"},
                                                       {"Test_acc", "test_accuracy"},
                                                       {"test_acuracy", "test_accuracy"},
                                                       {"val_acc", "validation_accuracy"},
                                                       {"Val_acc", "validation_accuracy"},
                                                       {"valAcc", "validation_accuracy"},
                                                       {"val/loss", "validation_loss"},
                                                       {"valid_accuracy", "validation_accuracy"},
                                                       {"dev-f1-score", "validation_f1"},
                                                       {"Val_loss", "validation_loss"},
                                                       {"Train_loss", "train_loss"},
                                                       {"Train_acc", "train_accuracy"},
                                                       {"training_loss", "train_loss"},
                                                       {"acc", "validation_accuracy"},
                                                       {"loss", "validation_loss"},
                                                       {"roc_auc", "validation_auc"},
                                                       {"test_bal_acc", "test_balanced_accuracy"}};
  for (const auto& [word, meant] : words) EXPECT_EQ(metric_meant(word, all), meant) << word;
  for (const char* word : {"", "val", "test", "lr", "training.epochs", "test_seconds", "cardinality", "best_epoch"})
    EXPECT_EQ(metric_meant(word, all), std::nullopt) << word;
  // The test part chooses nothing.
  for (const char* word : {"test_acc", "test_accuracy", "Test_acc", "test_acuracy"})
    EXPECT_EQ(metric_meant(word, watchable_metrics()), "validation_accuracy") << word;
  EXPECT_EQ(metric_meant("loss", std::vector<std::string>{"none", "balanced"}), std::nullopt);
}

TEST(Metric, WhatTheyCanBe) {
  EXPECT_EQ(range_of("test_accuracy").least, 0.0);
  EXPECT_EQ(range_of("test_accuracy").most, 1.0);
  EXPECT_EQ(range_of("validation_loss").least, 0.0);
  EXPECT_GT(range_of("validation_loss").most, 1e300);
  EXPECT_EQ(range_of("validation_brier").most, 2.0);
  EXPECT_LT(range_of("test_of_another_program").least, -1e300);
}

}  // namespace
}  // namespace rxrun
