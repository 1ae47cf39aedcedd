#include "sweep/declaration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rxrun {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> values_of(const std::string& word) {
  const Declaration declaration = parse_declaration({word});
  std::vector<std::string> values;
  for (const auto& row : declaration.dimensions.at(0).values) values.push_back(row.at(0));
  return values;
}

TEST(Declaration, ListsAndRanges) {
  EXPECT_THAT(values_of("cardinality=8,16,32"), ElementsAre("8", "16", "32"));
  EXPECT_THAT(values_of("epochs=range(4,12,4)"), ElementsAre("4", "8", "12"));
  EXPECT_THAT(values_of("epochs=range(1,3)"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(values_of("p=range(0.1,0.5,0.1)"), ElementsAre("0.1", "0.2", "0.3", "0.4", "0.5"));
  EXPECT_THAT(values_of("p=range(3,1,-1)"), ElementsAre("3", "2", "1"));
  EXPECT_THAT(values_of("seed=9007199254740993..9007199254740995"),
              ElementsAre("9007199254740993", "9007199254740994", "9007199254740995"));
  EXPECT_THAT(values_of("seed=range(9223372036854775801,9223372036854775807,3)"),
              ElementsAre("9223372036854775801", "9223372036854775804", "9223372036854775807"));
  EXPECT_THAT(values_of("x=range(-9223372036854775808,9223372036854775807,9223372036854775807)"),
              ElementsAre("-9223372036854775808", "-1", "9223372036854775806"));
  EXPECT_THAT(values_of("x=2..-1"), ElementsAre("2", "1", "0", "-1"));
  EXPECT_THAT(values_of("seed=1..3,365"), ElementsAre("1", "2", "3", "365"));
  EXPECT_THAT(values_of("seed= 1 , 2"), ElementsAre("1", "2"));
  EXPECT_THAT(values_of("path=../a,../b"), ElementsAre("../a", "../b"));
}

TEST(Declaration, BracketsAndQuotesKeepTheirCommas) {
  EXPECT_THAT(values_of("betas=[0.9, 0.99],[0.8, 0.9]"), ElementsAre("[0.9, 0.99]", "[0.8, 0.9]"));
  EXPECT_THAT(values_of("optimizer={adam: {lr: 1, eps: 2}},sgd"), ElementsAre("{adam: {lr: 1, eps: 2}}", "sgd"));
  EXPECT_THAT(values_of(R"(name="a,b","c\",d")"), ElementsAre(R"("a,b")", R"("c\",d")"));
  EXPECT_THAT(values_of("name=it's,so"), ElementsAre("it's", "so"));
  EXPECT_THAT(values_of("group_by=^([0-9]+)_idx,x"), ElementsAre("^([0-9]+)_idx", "x"));
}

TEST(Declaration, OneValueIsTheSameForEveryPoint) {
  const Declaration declaration =
      parse_declaration({"a.yaml", "lr=1e-4", "b.yaml", "group_by=", "class_weights=[1, 2]"});
  EXPECT_THAT(declaration.files, ElementsAre("a.yaml", "b.yaml"));
  EXPECT_TRUE(declaration.dimensions.empty());
  ASSERT_EQ(declaration.fixed.size(), 3u);
  EXPECT_EQ(declaration.fixed[0].value, "1e-4");
  EXPECT_EQ(declaration.fixed[1].value, "");
  EXPECT_EQ(declaration.fixed[2].value, "[1, 2]");
}

TEST(Declaration, ZipPairs) {
  const Declaration declaration = parse_declaration({"zip(cardinality=1,2,4; base_width=64,range(40,24,-16))"});
  ASSERT_EQ(declaration.dimensions.size(), 1u);
  EXPECT_THAT(declaration.dimensions[0].keys, ElementsAre("cardinality", "base_width"));
  EXPECT_THAT(declaration.dimensions[0].values,
              ElementsAre(ElementsAre("1", "64"), ElementsAre("2", "40"), ElementsAre("4", "24")));
}

TEST(Declaration, Draws) {
  const Declaration declaration =
      parse_declaration({"lr=log(1e-5,1e-2)", "p=uniform(0, 0.5)", "w=uniform(16,64,8)", "base_width=iso(parameters)"});
  ASSERT_EQ(declaration.dimensions.size(), 4u);
  EXPECT_EQ(declaration.dimensions[0].kind, Dimension::Kind::logarithmic);
  EXPECT_EQ(declaration.dimensions[0].low, 1e-5);
  EXPECT_EQ(declaration.dimensions[1].kind, Dimension::Kind::uniform);
  EXPECT_EQ(declaration.dimensions[1].high, 0.5);
  EXPECT_EQ(declaration.dimensions[2].step, 8.0);
  EXPECT_EQ(declaration.dimensions[3].kind, Dimension::Kind::iso);
}

struct Fault {
  std::string word;
  int column;
  int length;
  std::string message;
};

class DeclarationFault : public testing::TestWithParam<Fault> {};

TEST_P(DeclarationFault, PointsAtTheCharacter) {
  const Fault& fault = GetParam();
  try {
    parse_declaration({fault.word});
    FAIL() << "no error for " << fault.word;
  } catch (const Error& error) {
    ASSERT_EQ(error.diagnostics().size(), 1u);
    const Diagnostic& diagnostic = error.diagnostics()[0];
    EXPECT_EQ(diagnostic.where.column, fault.column) << fault.word;
    EXPECT_EQ(diagnostic.where.length, fault.length) << fault.word;
    EXPECT_EQ(diagnostic.where.text, fault.word);
    EXPECT_THAT(diagnostic.message, HasSubstr(fault.message));
    EXPECT_EQ(error.failure(), Failure::usage);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DeclarationFault,
    testing::Values(
        Fault{"cardinality=8,,16", 15, 1, "a value is missing"},
        Fault{"cardinality=8,16,", 17, 1, "a value is missing"}, Fault{"betas=[0.9,0.99", 7, 1, "is not closed"},
        Fault{"betas=0.9]", 10, 1, "unmatched"}, Fault{"name=\"a,b", 6, 1, "quote is not closed"},
        Fault{"epochs=range(4,8,0)", 8, 12, "cannot have a step of 0"},
        Fault{"epochs=range(8,4)", 8, 10, "cannot have a step"},
        Fault{"epochs=range(a,4)", 14, 1, "`a` is not a number"},
        Fault{"epochs=range(4)", 8, 8, "takes 2 or 3 numbers, found 1"}, Fault{"lr=log(0,1)", 8, 3, "above 0"},
        Fault{"lr=log(1,0.1)", 8, 5, "below the second"}, Fault{"lr=lug(1,2)", 4, 3, "there is no `lug(...)`"},
        Fault{"lr=uniform(0,1,-1)", 12, 6, "step must be above 0"},
        Fault{"w=uniform(0, 1e30, 8)", 11, 10, "a step of 8 is too small: it does not show in twelve digits of 1e+30"},
        Fault{"w=uniform(1e15,1e15,0)", 11, 11, "first bound must be below"},
        Fault{"w=uniform(1000000000000000,1000000000000100,1)", 11, 35, "too small"},
        Fault{"w=uniform(-1e308,1e308)", 11, 12, "too far apart"},
        Fault{"w=uniform(-1e308,1e308,1e300)", 11, 18, "too far apart"},
        Fault{"w=range(1e15,1e15,0.5)", 3, 20, "too small"}, Fault{"lr=1,log(1,2)", 6, 8, "cannot be part of a list"},
        Fault{"w=iso(accuracy)", 7, 8, "number of parameters"},
        Fault{"cardinality", 1, 11, "neither an experiment file"}, Fault{"=8,16", 1, 1, "key is missing"},
        Fault{"zip(a=1,2; b=3)", 12, 3, "`b` has 1 value, but `a` has 2"},
        Fault{"zip(a=1,2)", 1, 10, "at least two keys"}, Fault{"zip(cardinality=1,8", 4, 1, "`(` is not closed"},
        Fault{"zip(a=1,2; b=[3,4)", 14, 1, "`[` is not closed"},
        Fault{"zip(a=1,2; lr=log(1,2))", 12, 11, "only lists of values"}, Fault{"zip(a=1,2; a=3,4)", 5, 1, "set twice"},
        Fault{"ü=8,,9", 5, 1, "a value is missing"},
        Fault{"seed=1..99999999", 6, 11, "99999999 values are too many: a key can have 100000"},
        Fault{"w=range(0,1e9)", 3, 12, "1000000001 values are too many"},
        Fault{"w=range(0,1,1e-9)", 3, 15, "values are too many"},
        Fault{"w=range(-9223372036854775808,9223372036854775807)", 3, 47, "1.84467440737e+19 values are too many"},
        Fault{"w=1..60000,1..60000", 12, 8, "120000 values are too many"},
        Fault{"w=uniform(0,1e999)", 13, 5, "`1e999` is not a number"}));

// The last word that still fits, and the first that does not.
TEST(Declaration, KeysAndValuesAreBoundedInAll) {
  const auto words = [](int count, const char* format) {
    std::vector<std::string> list;
    for (int i = 0; i < count; ++i) list.push_back(fmt::format(fmt::runtime(format), i));
    return list;
  };
  EXPECT_EQ(parse_declaration(words(1000, "k{}=uniform(0,1)")).dimensions.size(), 1000u);
  EXPECT_THROW(parse_declaration(words(1001, "k{}=uniform(0,1)")), Error);
  EXPECT_EQ(parse_declaration(words(10, "k{}=1..100000")).dimensions.size(), 10u);
  EXPECT_THROW(parse_declaration(words(11, "k{}=1..100000")), Error);
  EXPECT_THROW(parse_declaration({fmt::format("zip({})", fmt::join(words(12, "k{}=1..100000"), "; "))}), Error);
}

TEST(Declaration, AllFaultsAreToldAtOnceAndNamesAreSuggested) {
  try {
    parse_declaration({"a=1,,2", "b=unifrom(1,2)", "c=1,2", "c=3"});
    FAIL() << "no error";
  } catch (const Error& error) {
    ASSERT_EQ(error.diagnostics().size(), 3u);
    EXPECT_THAT(error.diagnostics()[1].advice, HasSubstr("`uniform`"));
    EXPECT_THAT(error.diagnostics()[2].message, HasSubstr("`c` is set twice"));
  }
}

}  // namespace
}  // namespace rxrun
