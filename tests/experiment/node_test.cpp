#include "experiment/node.h"

#include <cmath>

#include <gtest/gtest.h>

namespace rxrun {
namespace {

using Kind = Node::Kind;

Node plain(const std::string& text) { return scalar(text, false, {}); }

TEST(Scalar, FollowsTheCoreSchemaOfYaml12) {
  const std::pair<const char*, Kind> cases[] = {
      {"", Kind::null},         {"~", Kind::null},          {"null", Kind::null},
      {"Null", Kind::null},     {"NULL", Kind::null},       {"nULL", Kind::string},
      {"true", Kind::boolean},  {"True", Kind::boolean},    {"TRUE", Kind::boolean},
      {"false", Kind::boolean}, {"tRUE", Kind::string},     {"yes", Kind::string},
      {"no", Kind::string},     {"on", Kind::string},       {"off", Kind::string},
      {"NO", Kind::string},     {"y", Kind::string},        {"n", Kind::string},
      {"0", Kind::integer},     {"-0", Kind::integer},      {"+12", Kind::integer},
      {"-19", Kind::integer},   {"010", Kind::integer},     {"0o17", Kind::integer},
      {"0x1F", Kind::integer},  {"0o8", Kind::string},      {"0xg", Kind::string},
      {"0x", Kind::string},     {"-0x1", Kind::string},     {"0b1", Kind::string},
      {"1_000", Kind::string},  {"1,000", Kind::string},    {"1e-4", Kind::real},
      {"1E4", Kind::real},      {"1e+4", Kind::real},       {"0.", Kind::real},
      {".5", Kind::real},       {"-1.5e3", Kind::real},     {".", Kind::string},
      {"+", Kind::string},      {"-", Kind::string},        {"e4", Kind::string},
      {"1e", Kind::string},     {"1e+", Kind::string},      {"1.2.3", Kind::string},
      {".inf", Kind::real},     {"-.INF", Kind::real},      {"+.Inf", Kind::real},
      {".nan", Kind::real},     {".NaN", Kind::real},       {"inf", Kind::string},
      {"nan", Kind::string},    {"-.nan", Kind::string},    {"infinity", Kind::string},
      {"0x1p3", Kind::string},  {"12:30:45", Kind::string}, {"2001-01-01", Kind::string},
      {"1 2", Kind::string},    {"١", Kind::string},        {"1e5x", Kind::string}};
  for (const auto& [text, kind] : cases) EXPECT_EQ(plain(text).kind, kind) << "`" << text << "`";
}

TEST(Scalar, HasItsValue) {
  EXPECT_TRUE(plain("True").boolean);
  EXPECT_FALSE(plain("FALSE").boolean);
  EXPECT_EQ(plain("010").integer, 10);
  EXPECT_EQ(plain("0o17").integer, 15);
  EXPECT_EQ(plain("0x1f").integer, 31);
  EXPECT_EQ(plain("+12").integer, 12);
  EXPECT_EQ(plain("-19").integer, -19);
  EXPECT_EQ(plain("-19").real, -19.0);
  EXPECT_EQ(plain("1e-4").real, 1e-4);
  EXPECT_EQ(plain(".5").real, 0.5);
  EXPECT_EQ(plain("-1.5e3").real, -1500.0);
  EXPECT_EQ(plain("-.inf").real, -HUGE_VAL);
  EXPECT_TRUE(std::isnan(plain(".nan").real));
  EXPECT_EQ(plain("0.1").text, "0.1");
}

TEST(Scalar, IntegersBeyond64BitsAreReal) {
  EXPECT_EQ(plain("9223372036854775807").integer, 9223372036854775807);
  EXPECT_EQ(plain("-9223372036854775808").integer, INT64_MIN);
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "0x8000000000000000",
                           "0o1000000000000000000000", "100000000000000000000000000"}) {
    EXPECT_EQ(plain(text).kind, Kind::real) << text;
    EXPECT_EQ(plain(text).integer, 0) << text;
    EXPECT_GE(std::abs(plain(text).real), 0x1p63) << text;
  }
}

TEST(Scalar, RealsBeyondTheirRangeOverflowToInfinity) {
  EXPECT_EQ(plain("1e400").real, HUGE_VAL);
  EXPECT_EQ(plain("-1e400").real, -HUGE_VAL);
  EXPECT_EQ(plain("1e-400").real, 0.0);
}

TEST(Scalar, QuotedIsAlwaysAString) {
  for (const char* text : {"", "1", "true", "null", "1e-4", "~"})
    EXPECT_EQ(scalar(text, true, {}).kind, Kind::string) << text;
}

TEST(Node, FindsItsEntries) {
  Node map;
  map.kind = Kind::map;
  map.entries.push_back({"a", {}, plain("1")});
  map.entries.push_back({"b", {}, plain("2")});
  ASSERT_NE(map.find("b"), nullptr);
  EXPECT_EQ(map.find("b")->integer, 2);
  EXPECT_EQ(map.find("c"), nullptr);
  EXPECT_FALSE(map.is_scalar());
  EXPECT_TRUE(map.find("a")->is_number());
}

}  // namespace
}  // namespace rxrun
