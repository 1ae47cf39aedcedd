#include "data/csv.h"

#include "matchers.h"

namespace rxrun {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Csv, QuotesLinesAndEmptyFields) {
  const auto records = read_csv("\xef\xbb\xbfpath,label\r\n\"a, \"\"b\"\".png\",1\n\n\"two\nlines\",\nlast,x", "m.csv");
  ASSERT_EQ(records.size(), 4u);
  EXPECT_THAT(records[0].fields, ElementsAre("path", "label"));
  EXPECT_THAT(records[1].fields, ElementsAre("a, \"b\".png", "1"));
  EXPECT_THAT(records[2].fields, ElementsAre("two\nlines", ""));
  EXPECT_EQ(records[2].line, 4);
  EXPECT_THAT(records[3].fields, ElementsAre("last", "x"));
  EXPECT_EQ(records[3].line, 6);
}

TEST(Csv, FaultsHaveALine) {
  EXPECT_THAT(test::error_of([] { read_csv("a,b\n1,\"open\n2", "m.csv"); }), HasSubstr("m.csv:2: unclosed quote"));
  EXPECT_THAT(test::error_of([] { read_csv("a,b\n\"x\"y,2\n", "m.csv"); }),
              HasSubstr("m.csv:2: text after a closing quote"));
}

}  // namespace
}  // namespace rxrun
