// Tables as text: columns stay aligned, whatever is in them.
#include "table/table.h"

#include <gtest/gtest.h>

namespace rxrun {
namespace {

TEST(RenderText, AlignsByTheColumnsOfATerminal) {
  // Two columns for each of 肿瘤, none for a combining acute accent.
  const Table table{.columns = {"class", "images"},
                    .rows = {{std::string("肿瘤"), std::int64_t{3}}, {std::string("be\u0301nin"), std::int64_t{12}}}};
  EXPECT_EQ(render(table, TableFormat::text), "class  images\n肿瘤        3\nbe\u0301nin      12\n");
}

}  // namespace
}  // namespace rxrun
