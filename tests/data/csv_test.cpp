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

TEST(Csv, TheSeparatorIsReadFromTheFirstLineAlone) {
  EXPECT_THAT(read_csv("path;label\r\na,b.png;cat, or dog; old\n", "m.csv")[1].fields,
              ElementsAre("a,b.png", "cat, or dog", " old"));
  EXPECT_THAT(read_csv("\n\npath\tlabel,x\ta\n1;2;3\t4\t5", "m.csv")[1].fields, ElementsAre("1;2;3", "4", "5"));
  EXPECT_THAT(read_csv("\"a;b;c\",label\n1,2;3;4;5\n", "m.csv")[1].fields, ElementsAre("1", "2;3;4;5"));
  EXPECT_THAT(read_csv("path\na;b\n", "m.csv")[1].fields, ElementsAre("a;b"));
  const auto said = read_csv("\xef\xbb\xbfsep=;\r\npath;label,a,b\r\n1;2\r\n", "m.csv");
  ASSERT_EQ(said.size(), 2u);
  EXPECT_EQ(said[0].line, 2);
  EXPECT_THAT(said[0].fields, ElementsAre("path", "label,a,b"));
  EXPECT_THAT(read_csv("sep=.\n", "m.csv")[0].fields, ElementsAre("sep=."));
}

TEST(Csv, WhatSpreadsheetsWriteThatIsNoUtf8IsNamed) {
  for (const std::string bytes : {std::string("\xff\xfep\0a\0", 6), std::string("\xfe\xff\0p\0a", 6)})
    EXPECT_THAT(test::error_of([&] { read_csv(bytes, "m.csv"); }), HasSubstr("m.csv:1: the file is UTF-16"));
  EXPECT_THAT(test::error_of([] { read_csv("path,label\ra.png,0\r", "m.csv"); }), HasSubstr("end in CR alone"));
  EXPECT_EQ(read_csv("path,label\r", "m.csv").size(), 1u);
}

TEST(Csv, FaultsHaveALine) {
  EXPECT_THAT(test::error_of([] { read_csv("a,b\n1,\"open\n2", "m.csv"); }), HasSubstr("m.csv:2: unclosed quote"));
  EXPECT_THAT(test::error_of([] { read_csv("a,b\n\"x\"y,2\n", "m.csv"); }),
              HasSubstr("m.csv:2: text after a closing quote, expected a comma"));
  EXPECT_THAT(test::error_of([] { read_csv("a;b\n\"x\"y;2\n", "m.csv"); }), HasSubstr("expected `;`"));
}

}  // namespace
}  // namespace rxrun
