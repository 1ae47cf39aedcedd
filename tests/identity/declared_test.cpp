#include "identity/declared.h"

#include <gmock/gmock.h>

#include <functional>

#include "experiment/key.h"
#include "experiment/node_values.h"
#include "plugins.h"

namespace rxrun::test {
namespace {

std::string declared_text(const std::string& text) {
  return canonical_text(declared(resolved(text), {shipped_plugin(), foreign_plugin()}));
}
std::string with(const std::string& training) { return declared_text(plain + "training: " + training + "\n"); }
std::string with_head(const std::string& layers, const std::string& network = "") {
  return declared_text("name: a\nnetwork: {plugins: [convnet, mine], head: [" + layers + "]" + network +
                       "}\ndata: {source: histology}\n");
}

TEST(Declared, DefaultsAreLeftOutWrittenOrNot) {
  EXPECT_EQ(declared_text(plain), R"({"data":{},"network":{"head":["linear"],"plugins":["convnet"]}})");
  EXPECT_EQ(declared_text(head + "data: {path: images, batch: 64, channels: auto, classes: 0, normalize: measured}\n"),
            declared_text(plain));
  EXPECT_EQ(declared_text(plain + "seed: 0\ntraining: {clip_gradient_norm: 0, early_stopping: null}\n"),
            declared_text(plain));
  EXPECT_EQ(declared_text(plain + "seed: 3\n"),
            R"({"data":{},"network":{"head":["linear"],"plugins":["convnet"]},"seed":3})");
}

TEST(Declared, AChoiceOfItsDefaultKindIsLeftOutWhole) {
  for (const char* same : {"{}", "{optimizer: adam}", "{optimizer: {adam: {}}, schedule: constant}",
                           "{optimizer: {adam: {lr: 0.001, betas: [0.9, 0.999]}}, loss: {cross_entropy: }}"})
    EXPECT_EQ(with(same), declared_text(plain)) << same;
  EXPECT_THAT(with("{optimizer: sgd}"), testing::HasSubstr(R"("training":{"optimizer":{"sgd":{}}}})"));
  EXPECT_THAT(with("{optimizer: {adam: {lr: 1e-2, beta1: 0.9}}}"),
              testing::HasSubstr(R"("training":{"optimizer":{"adam":{"lr":0.01}}}})"));
  EXPECT_THAT(with("{early_stopping: {}}"), testing::HasSubstr(R"("training":{"early_stopping":{}}})"));
  EXPECT_THAT(with("{schedule: {multi_step: {milestones: [3], gamma: 0.1}}}"),
              testing::HasSubstr(R"({"multi_step":{"milestones":[3]}})"));
}

TEST(Declared, OptionsOfLayersAreComparedByTheirTable) {
  EXPECT_EQ(with_head("{conv: {channels: 8, kernel: 3, gain: 1}}"), with_head("{conv: {channels: 8}}"));
  EXPECT_EQ(with_head("{conv: {channels: 8, kernel: [5, 5]}}"), with_head("{conv: {kernel: 5, channels: 8}}"));
  EXPECT_EQ(with_head("{conv: {channels: 8, gain: 2.0}}"), with_head("{conv: {channels: 8, gain: 2}}"));
  EXPECT_NE(with_head("{conv: {channels: 8, kernel: [3, 5]}}"), with_head("{conv: {channels: 8}}"));
  EXPECT_EQ(with_head("{relu: {}}"), with_head("relu"));
  EXPECT_EQ(with_head("{wobble: {strength: 0.5}}"), with_head("wobble"));
  EXPECT_NE(with_head("{linear: {features: 2}}"), with_head("linear"));
  EXPECT_NE(with_head("{elsewhere: {size: 1}}"), with_head("elsewhere")) << "no table knows it";
}

TEST(Declared, StagesTakeTheOptionsOfTheirBlock) {
  const auto with_stage = [](const std::string& stage) { return with_head("linear", ", stages: [" + stage + "]"); };
  EXPECT_EQ(with_stage("{block: block, depth: 1, planes: 8, stride: [1, 1], cardinality: 32}"),
            with_stage("{block: block, planes: 8}"));
  EXPECT_NE(with_stage("{block: block, planes: 8, depth: 2}"), with_stage("{block: block, planes: 8}"));
}

// The value of an option that is not written is the network-wide one.
TEST(Declared, AnOptionThatOverrulesANetworkWideValueCountsThoughItIsTheDefault) {
  const auto with_stage = [](const std::string& options, const std::string& network) {
    return with_head("linear", ", stages: [{block: block, planes: 8" + options + "}]" + network);
  };
  EXPECT_EQ(with_stage(", cardinality: 32", ""), with_stage("", ""));
  EXPECT_NE(with_stage(", cardinality: 32", ", cardinality: 8"), with_stage("", ", cardinality: 8"));
  EXPECT_EQ(with_stage(", cardinality: 8", ", cardinality: 8"), with_stage("", ", cardinality: 8"));
  EXPECT_NE(with_stage("", ", cardinality: 32"), with_stage("", "")) << "it counts where it is declared";
}

// Each value of a tree that lies at, or below, a key that the table declares.
void visit_values(Node& node, const std::string& path, const std::function<void(const std::string&, Node&)>& visit) {
  for (Node::Entry& entry : node.entries) {
    const std::string name = path.empty() ? entry.key : path + "." + entry.key;
    if (entry.value.kind == Node::Kind::map)
      visit_values(entry.value, name, visit);
    else
      visit(name, entry.value);
  }
}

TEST(Declared, WhatIsDeclaredToAlterNoNumberIsLeftOut) {
  const Node tree = resolved(plain + "training: {early_stopping: {}}\ndescription: x\n");
  const std::string before = canonical_text(declared(tree, {shipped_plugin()}));
  int altering = 0, others = 0;
  Node copy = tree;
  visit_values(copy, "", [&](const std::string& path, Node& value) {
    const Node kept = value;
    value = to_node("something else");
    const bool alters = can_alter_numbers(path);
    ++(alters ? altering : others);
    EXPECT_EQ(canonical_text(declared(copy, {shipped_plugin()})) != before, alters) << path;
    value = kept;
  });
  EXPECT_GT(altering, 40);
  EXPECT_EQ(others, 11) << "name, description, data.path, layout, include, exclude, memory, machine.*";
}

// A resolved experiment of a version that had fewer keys.
TEST(Declared, KeysThatAreNotThereCountAsTheirDefault) {
  const Node tree = resolved(plain);
  Node fewer = tree;
  for (const char* section : {"data", "training"})
    std::erase_if(fewer.find(section)->entries, [](const Node::Entry& entry) { return entry.key != "path"; });
  EXPECT_EQ(canonical_text(declared(fewer, {})), canonical_text(declared(tree, {})));
}

TEST(CanonicalText, SortsKeysAndShortensNumbers) {
  const Node tree = resolved(plain + "training: {schedule: {step: {step: 3, gamma: 0.50}}}\n");
  EXPECT_EQ(canonical_text(*tree.find("training")->find("schedule")), R"({"step":{"gamma":0.5,"step":3,"warm_up":0}})");
  EXPECT_EQ(canonical_text(to_node("a\n\"é\"")), R"("a\n\"\u00e9\"")");
}

}  // namespace
}  // namespace rxrun::test
