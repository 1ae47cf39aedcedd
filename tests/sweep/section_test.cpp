#include "sweep/section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "diagnostics/render.h"
#include "experiment/read.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

SweepSection section_of(const std::string& yaml, Diagnostics& diagnostics) {
  const auto root = parse_document(yaml, "a.yaml", diagnostics);
  return read_section(*root->find("sweep"), diagnostics);
}

TEST(SweepSection, SaysWhatWordsWouldSay) {
  Diagnostics diagnostics;
  const SweepSection section = section_of(R"(sweep:
  cardinality: [8, 16, 32]
  betas: [[0.9, 0.99], [0.8, 0.9]]
  name: ["a,b", "1"]
  lr: log(1e-5,1e-2)
  epochs: range(4,12,4)
  batch: 16
  zip: {planes: [16, 32], depth: [4, 2]}
  trials: 20
  repeat: 3
)",
                                          diagnostics);
  EXPECT_FALSE(diagnostics.has_errors());
  const auto& dimensions = section.declaration.dimensions;
  ASSERT_EQ(dimensions.size(), 6u);
  EXPECT_THAT(dimensions[0].values, ElementsAre(ElementsAre("8"), ElementsAre("16"), ElementsAre("32")));
  EXPECT_THAT(dimensions[1].values, ElementsAre(ElementsAre("[0.9, 0.99]"), ElementsAre("[0.8, 0.9]")));
  EXPECT_THAT(dimensions[2].values, ElementsAre(ElementsAre("\"a,b\""), ElementsAre("\"1\"")));
  EXPECT_EQ(dimensions[3].kind, Dimension::Kind::logarithmic);
  EXPECT_EQ(dimensions[4].values.size(), 3u);
  EXPECT_THAT(dimensions[5].keys, ElementsAre("planes", "depth"));
  ASSERT_EQ(section.declaration.fixed.size(), 1u);
  EXPECT_EQ(section.declaration.fixed[0].value, "16");
  EXPECT_EQ(section.trials, 20);
  EXPECT_EQ(section.repeat, 3);
  EXPECT_EQ(section.search, "");
}

// What a value of the list is as an override gets it back.
TEST(SweepSection, AnElementOfAListIsTheSameValueAsAnOverride) {
  const TemporaryFolder folder;
  const std::string experiment = "name: a\nnetwork: {plugins: [p], head: [linear]}\ndata: {source: histology}\n";
  for (const std::string& text : {"a: b", "a # b", "#a",  "- a", "a\nb", " a ",   "a=1=1",      "1",  "true",
                                  "null", "",      "a,b", "[a",  "it's", "\"a\"", "a\\",        "&a", "*a",
                                  "!a",   "| a",   "%a",  "@a",  "x;y)", "a:",    "range(1,3)", "\t", "${name}"}) {
    const std::string quoted = nlohmann::json(text).dump();
    Diagnostics diagnostics;
    const Declaration one = section_of("sweep: {description: [" + quoted + "]}\n", diagnostics).declaration;
    const Declaration two = section_of("sweep: {network.x: [[" + quoted + ", 1.0], [2]]}\n", diagnostics).declaration;
    ASSERT_EQ(one.fixed.size(), 1u) << text;
    ASSERT_EQ(two.dimensions.size(), 1u) << text;
    const ReadExperiment read =
        read_experiment(folder.write("a.yaml", experiment),
                        {one.fixed[0], {two.dimensions[0].keys[0], two.dimensions[0].values[0][0]}}, diagnostics);
    EXPECT_TRUE(diagnostics.list().empty()) << render(diagnostics.list());
    const std::string expected = text == "${name}" ? "a" : text;
    EXPECT_EQ(read.experiment.description, expected);
    const Node& list = read.experiment.network.shared.at(0).value;
    EXPECT_EQ(list.items.at(0).text, expected);
    EXPECT_EQ(list.items.at(1).kind, Node::Kind::real);
  }
}

TEST(SweepSection, ASearchIsSaidByItsName) {
  Diagnostics diagnostics;
  EXPECT_EQ(section_of("sweep: {search: tpe, trials: 5, lr: \"log(1e-5,1)\"}\n", diagnostics).search, "tpe");
  EXPECT_FALSE(diagnostics.has_errors());
  section_of("sweep: {search: [tpe], lr: [1, 2]}\n", diagnostics);
  ASSERT_EQ(diagnostics.list().size(), 1u);
  EXPECT_THAT(diagnostics.list()[0].message, HasSubstr("`search` must be `tpe`"));
}

TEST(SweepSection, FaultsAreShownInTheFile) {
  Diagnostics diagnostics;
  section_of("sweep:\n  lr: log(0,1)\n  p: \"uniform(a,1)\"\n  trials: 0\n  zip: [1]\n  zipped: {a: 1}\n", diagnostics);
  ASSERT_GE(diagnostics.list().size(), 4u);
  EXPECT_EQ(diagnostics.list()[0].where.file, "a.yaml");
  EXPECT_EQ(diagnostics.list()[0].where.line, 2);
  EXPECT_EQ(diagnostics.list()[0].where.column, 11);
  EXPECT_THAT(diagnostics.list()[1].message, HasSubstr("`a` is not a number"));
  EXPECT_EQ(diagnostics.list()[1].where.column, 15);
  EXPECT_THAT(diagnostics.list()[2].message, HasSubstr("`trials`"));
  EXPECT_THAT(diagnostics.list()[3].message, HasSubstr("`zip`"));
}

TEST(SweepSection, TheCommandLineHasTheLastWord) {
  Diagnostics diagnostics;
  const Declaration section =
      section_of("sweep: {cardinality: [8, 16], lr: [1, 2], batch: 8}\n", diagnostics).declaration;
  const Declaration words = parse_declaration({"a.yaml", "cardinality=32", "batch=1,2"});
  const Declaration both = merged(section, words);
  ASSERT_EQ(both.dimensions.size(), 2u);
  EXPECT_EQ(both.dimensions[0].keys[0], "lr");
  EXPECT_EQ(both.dimensions[1].keys[0], "batch");
  ASSERT_EQ(both.fixed.size(), 1u);
  EXPECT_EQ(both.fixed[0].value, "32");
}

}  // namespace
}  // namespace rxrun
