#include "cli/readable.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rxrun {
namespace {

TEST(FormatDuration, PicksTheUnit) {
  EXPECT_EQ(format_duration(0.4), "0 s");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(60), "1:00");
  EXPECT_EQ(format_duration(245), "4:05");
  EXPECT_EQ(format_duration(4023), "1:07:03");
  EXPECT_EQ(format_duration(std::nan("")), "?");
}

}  // namespace
}  // namespace rxrun
