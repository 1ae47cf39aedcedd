#include "experiment/metric.h"

#include <gtest/gtest.h>

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
