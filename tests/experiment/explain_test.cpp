#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "diagnostics/render.h"
#include "experiment/read.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

using testing::HasSubstr;

class Explain : public testing::Test {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_.path());
    folder_.write("base.yaml",
                  "name: base\nnetwork: {plugins: [convnet], head: [linear]}\ndata: {path: images}\n"
                  "training:\n  epochs: 5\n  optimizer: {adam: {lr: 1e-2}}\n");
    folder_.write("a.yaml", "extends: base.yaml\nname: a\ntraining:\n  optimizer: {adam: {lr: 1e-4}}\n");
  }
  void TearDown() override { std::filesystem::current_path(before_); }
  std::string told(const std::string& key, const std::vector<Override>& overrides = {}, bool json = false) {
    Diagnostics diagnostics;
    const ReadExperiment read = read_experiment("a.yaml", overrides, diagnostics);
    EXPECT_TRUE(diagnostics.list().empty()) << render(diagnostics.list());
    return explain(read, key, json);
  }
  std::string error(const std::string& key) {
    try {
      told(key);
    } catch (const Error& fault) {
      return render(fault.diagnostics());
    }
    return {};
  }
  TemporaryFolder folder_;
  std::filesystem::path before_;
};

TEST_F(Explain, AValueOfTheFileOverOneOfItsBase) {
  EXPECT_EQ(told("lr"),
            "training.optimizer.adam.lr = 0.0001\n"
            "  a.yaml:4:26, over 0.01 of base.yaml:6:26, over the default 0.001\n"
            "  learning rate (a number greater than 0 and at most 1000)\n");
}

TEST_F(Explain, AnOverride) {
  EXPECT_THAT(told("optimizer.adam.lr", {{"lr", "0.5"}}),
              HasSubstr("training.optimizer.adam.lr = 0.5\n  command line, over 0.0001 of a.yaml:4:26, over 0.01 of "
                        "base.yaml:6:26, over the default 0.001\n"));
}

TEST_F(Explain, AValueOfTheBase) {
  EXPECT_THAT(told("epochs"), HasSubstr("training.epochs = 5\n  base.yaml:5:11, over the default 1\n"));
}

TEST_F(Explain, ADefault) { EXPECT_THAT(told("batch"), HasSubstr("data.batch = 64\n  the default\n")); }

TEST_F(Explain, ASection) {
  const std::string text = told("optimizer");
  EXPECT_THAT(text, HasSubstr("training.optimizer.adam.lr = 0.0001\n"));
  EXPECT_THAT(text, HasSubstr("training.optimizer.adam.beta1 = 0.9\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("epochs")));
}

TEST_F(Explain, Layers) { EXPECT_EQ(told("head.0"), "network.head.0 = linear\n  base.yaml:2:38\n"); }

TEST_F(Explain, WhatIsNotThere) {
  EXPECT_THAT(error("epoch"), HasSubstr("did you mean `epochs`?"));
  EXPECT_THAT(error("xyzzy"), HasSubstr("no key `xyzzy`"));
  EXPECT_THAT(error("metric"), testing::IsEmpty());
  EXPECT_THAT(error("adam.momentum"), HasSubstr("no key"));
}

TEST_F(Explain, ATailIsAsAmbiguousAsInAnOverride) {
  folder_.write("a.yaml",
                "name: a\nnetwork: {plugins: [convnet], stem: [{conv: {channels: 16}}], head: [linear]}\n"
                "data: {path: images}\ntraining: {}\n");
  EXPECT_THAT(error("channels"), HasSubstr("it can mean any of network.stem.0.conv.channels, data.channels"));
  Diagnostics diagnostics;
  read_experiment("a.yaml", {{"channels", "3"}}, diagnostics);
  ASSERT_EQ(diagnostics.list().size(), 1u);
  EXPECT_EQ(diagnostics.list()[0].advice, "write more of the path: `data.channels`, `network.stem.0.conv.channels`");
}

TEST_F(Explain, AsJson) {
  const auto json = nlohmann::json::parse(told("lr", {}, true));
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["key"], "training.optimizer.adam.lr");
  EXPECT_EQ(json[0]["value"], 1e-4);
  EXPECT_EQ(json[0]["line"], 4);
  EXPECT_EQ(json[0]["over"][0]["file"], "base.yaml");
  EXPECT_EQ(json[0]["default"], 1e-3);
}

}  // namespace
}  // namespace rxrun
