// Tables as text: columns stay aligned, whatever is in them.
#include "table/table.h"

#include <gtest/gtest.h>

#include <cmath>

#include "table/fixed.h"

namespace rxrun {
namespace {

TEST(RenderText, AlignsByTheColumnsOfATerminal) {
  // Two columns for each of 肿瘤, none for a combining acute accent.
  const Table table{.columns = {"class", "images"},
                    .rows = {{std::string("肿瘤"), std::int64_t{3}}, {std::string("be\u0301nin"), std::int64_t{12}}}};
  EXPECT_EQ(render(table, TableFormat::text), "class  images\n肿瘤        3\nbe\u0301nin      12\n");
}

TEST(Fixed, AHalfGoesAwayFromZeroWhateverItsBinaryForm) {
  EXPECT_EQ(fixed(0.81875, 4), "0.8188");
  EXPECT_EQ(fixed(100 * 0.81875, 2), "81.88");
  EXPECT_EQ(fixed(0.80625, 4), "0.8063");
  EXPECT_EQ(fixed(100 * 0.80625, 2), "80.63");
  EXPECT_EQ(fixed(131.0 / 160.0, 4), "0.8188");
  EXPECT_EQ(fixed((0.8 + 0.8375) / 2.0, 4), "0.8188") << "the mean of two classes' shares is the same number";
  EXPECT_EQ(fixed(-0.125, 2), "-0.13");
  EXPECT_EQ(fixed(0.81874, 4), "0.8187");
  EXPECT_EQ(fixed(-1e-9, 4), "0.0000");
  EXPECT_EQ(fixed(1.5e300, 1).substr(0, 3), "150");
  EXPECT_EQ(fixed(std::nan(""), 1), "nan");
}

TEST(Fixed, IsHowTablesRound) {
  EXPECT_EQ(render({.columns = {"test_accuracy"}, .rows = {{0.81875}}}, TableFormat::text),
            "test_accuracy\n       0.8188\n");
}

}  // namespace
}  // namespace rxrun
