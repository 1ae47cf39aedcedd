// What an override means is seen in the tree, and not in the words of the others.
#include "experiment/overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "diagnostics/render.h"
#include "experiment/places.h"
#include "experiment/read.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

class Overrides : public testing::Test {
 protected:
  // "adam 0.1", or what was told.
  std::string optimizer(const std::string& training, const Words& words) {
    const std::string told = read(training, words);
    const OptimizerSpec& spec = experiment_.training.optimizer;
    const char* kinds[] = {"sgd", "adam", "adamw", "rmsprop"};
    return told.empty() ? std::string(kinds[static_cast<int>(spec.kind)]) + " " + std::to_string(spec.lr).substr(0, 5)
                        : told;
  }
  std::string read(const std::string& training, const Words& words) {
    std::vector<Override> overrides;
    for (const std::string& word : words) overrides.push_back(parse_override(word));
    file_ = folder_.write("a.yaml",
                          "name: a\nnetwork: {plugins: [convnet], head: [linear]}\ndata: {path: images}\n" + training);
    Diagnostics diagnostics;
    experiment_ = read_experiment(file_, overrides, diagnostics).experiment;
    targets_ = override_targets(file_, overrides);
    return render(diagnostics.list());
  }
  TemporaryFolder folder_;
  std::filesystem::path file_;
  Experiment experiment_;
  Words targets_;
};

TEST_F(Overrides, WordsInOtherValuesChooseNothing) {
  for (const std::string& word :
       Words{"description=the optimizer is sgd", "description='optimizer: {sgd: {}}'", "name=sgd-optimizer",
             "training.initial_weights.file=optimizer/sgd", "description='training={optimizer: sgd}'",
             "network.optimizer=sgd", "network.sgd=optimizer", "data.split.group_by=(optimizer sgd)"})
    for (const Words& words : {Words{word, "lr=0.1"}, Words{"lr=0.1", word}})
      EXPECT_EQ(optimizer("", words), "adam 0.100") << word;
  EXPECT_EQ(optimizer("training: {optimizer: {rmsprop: {}}}\n", {"description=optimizer adamw", "lr=0.1"}),
            "rmsprop 0.100");
}

TEST_F(Overrides, TheOrderOfAChoiceAndItsOptionsDoesNotMatter) {
  for (const char* written : {"", "training: {optimizer: {adam: {lr: 0.5}}}\n", "training: {optimizer: adamw}\n"})
    for (Words words : {Words{"optimizer=sgd", "lr=0.1"}, Words{"training={optimizer: sgd}", "lr=0.1"},
                        Words{"optimizer={sgd: {momentum: 0.9}}", "lr=0.1"}, Words{"sgd.momentum=0.9", "lr=0.1"},
                        Words{"optimizer.sgd.lr=0.1", "optimizer=sgd"}, Words{"epochs=3", "optimizer=sgd", "lr=0.1"}}) {
      std::sort(words.begin(), words.end());
      do EXPECT_EQ(optimizer(written, words), "sgd 0.100") << written << testing::PrintToString(words);
      while (std::next_permutation(words.begin(), words.end()));
    }
}

TEST_F(Overrides, TheLaterOfTwoOfTheSameValueWins) {
  EXPECT_EQ(optimizer("", {"lr=0.1", "lr=0.2"}), "adam 0.200");
  EXPECT_EQ(optimizer("", {"lr=0.1", "optimizer.adam.lr=0.2"}), "adam 0.200");
  EXPECT_EQ(optimizer("", {"optimizer.adam.lr=0.2", "lr=0.1"}), "adam 0.100");
  EXPECT_EQ(optimizer("", {"optimizer=sgd", "optimizer=adam"}), "adam 0.001");
  EXPECT_EQ(optimizer("", {"optimizer={sgd: {lr: 0.1}}", "lr=0.2"}), "sgd 0.200");
  EXPECT_EQ(optimizer("", {"lr=0.2", "optimizer={sgd: {lr: 0.1}}"}), "sgd 0.100");
  EXPECT_EQ(optimizer("", {"optimizer=adam", "training={optimizer: sgd}"}), "sgd 0.001");
  EXPECT_EQ(optimizer("", {"training={optimizer: sgd}", "optimizer=adam"}), "adam 0.001");
}

TEST_F(Overrides, OneThatLeavesNoPlaceForAnotherIsAnError) {
  for (const Words& words :
       {Words{"optimizer=adam", "optimizer.sgd.lr=0.1"}, Words{"optimizer.adam.lr=0.2", "optimizer.sgd.lr=0.1"},
        Words{"optimizer={adam: {lr: 1}}", "sgd.momentum=0.9"},
        Words{"early_stopping=null", "early_stopping.patience=3"}, Words{"normalize=none", "data.normalize.mean=[0.5]"},
        Words{"sample=null", "histology.images=50"}})
    for (const Words& order : {words, Words{words[1], words[0]}}) {
      const std::string told = read("", order);
      EXPECT_THAT(told, AllOf(HasSubstr("contradict each other"), HasSubstr("keep only one of them")));
      EXPECT_THAT(told, Not(HasSubstr("unknown"))) << told;
    }
  EXPECT_THAT(optimizer("", {"optimizer=adam", "optimizer.sgd.lr=0.1"}),
              HasSubstr("`optimizer.sgd.lr` and `optimizer=adam` contradict each other"));
  // What the file chooses contradicts nothing.
  EXPECT_EQ(optimizer("training: {optimizer: {adam: {lr: 0.5}}}\n", {"optimizer.sgd.lr=0.1"}), "sgd 0.100");
  EXPECT_EQ(read("training: {early_stopping: null}\n", {"early_stopping.patience=3"}), "");
  EXPECT_EQ(experiment_.training.early_stopping->patience, 3);
}

TEST_F(Overrides, AnOptionAloneChoosesNoKind) {
  const std::string told = read("", {"nesterov=true"});
  EXPECT_THAT(told, AllOf(HasSubstr("`nesterov` is of no kind that is chosen"),
                          HasSubstr("it is of `training.optimizer.sgd`: choose that, as in `optimizer=sgd`")));
  EXPECT_EQ(experiment_.training.optimizer.kind, OptimizerSpec::Kind::adam);
  EXPECT_THAT(read("", {"gamma=0.5"}), HasSubstr("`training.schedule.step`, `training.schedule.multi_step`"));
  EXPECT_THAT(read("", {"images=50"}), HasSubstr("`sample=histology`"));
  EXPECT_EQ(read("", {"optimizer=sgd", "nesterov=true", "momentum=0.9"}), "");
  EXPECT_TRUE(experiment_.training.optimizer.nesterov);
  // Of a choice that is none that alone is told.
  const std::string misspelt = read("", {"optimizer=adamm", "lr=0.1"});
  EXPECT_THAT(misspelt, AllOf(HasSubstr("adamm"), Not(HasSubstr("`lr`"))));
}

TEST_F(Overrides, AChoiceMayStandInTheEnvironmentOrInAFileBelow) {
  ASSERT_EQ(setenv("RXRUN_TEST_OPTIMIZER", "sgd", 1), 0);
  const std::string expression = "training: {optimizer: '${env:RXRUN_TEST_OPTIMIZER}'}\n";
  EXPECT_EQ(optimizer(expression, {"lr=0.1"}), "sgd 0.100");
  EXPECT_EQ(optimizer("", {"lr=0.1", "optimizer=${env:RXRUN_TEST_OPTIMIZER}"}), "sgd 0.100");
  EXPECT_EQ(optimizer("", {"sgd.lr=0.1", "optimizer=${env:RXRUN_TEST_OPTIMIZER}"}), "sgd 0.100");
  ASSERT_EQ(unsetenv("RXRUN_TEST_OPTIMIZER"), 0);

  folder_.write("base.yaml", "training: {optimizer: {sgd: {lr: 0.5, momentum: 0.9}}}\n");
  EXPECT_EQ(optimizer("extends: base.yaml\n", {"lr=0.1"}), "sgd 0.100");
  EXPECT_EQ(optimizer("extends: base.yaml\n", {"lr=0.1", "optimizer=adam"}), "adam 0.100");
  EXPECT_EQ(experiment_.training.optimizer.momentum, 0.0);
  EXPECT_EQ(optimizer("extends: base.yaml\ntraining: {optimizer: {rmsprop: {}}}\n", {"lr=0.1"}), "rmsprop 0.100");
}

TEST_F(Overrides, ASectionAsAWholeComesBeforeWhatIsInIt) {
  for (const char* written : {"", "training: {epochs: 9, mixup: 0.5}\n"})
    for (const Words& words :
         {Words{"training={epochs: 3}", "mixup=0.25"}, Words{"mixup=0.25", "training={epochs: 3}"}}) {
      EXPECT_EQ(read(written, words), "");
      EXPECT_EQ(experiment_.training.epochs, 3);
      EXPECT_EQ(experiment_.training.mixup, 0.25);
    }
  EXPECT_EQ(read("", {"epochs=4", "training={epochs: 3}"}), "");
  EXPECT_EQ(experiment_.training.epochs, 3);
  for (const char* written : {"", "training: {epochs: 9}\n"})
    EXPECT_THAT(read(written, {"training=fast"}), HasSubstr("`training` is a map and cannot be set to a single value"));
}

TEST_F(Overrides, TargetsAreInTheOrderOfTheWords) {
  EXPECT_THAT(read("", {"lr=0.1", "optimizer=sgd", "nesterov=true", "gamma=1"}), HasSubstr("`gamma`"));
  EXPECT_EQ(targets_,
            (Words{"training.optimizer.sgd.lr", "training.optimizer", "training.optimizer.sgd.nesterov", ""}));
}

TEST_F(Overrides, ErrorsAreInTheOrderOfTheWords) {
  const std::string told = read("", {"nowhere=1", "training={nothing: 1}", "neither=1"});
  EXPECT_LT(told.find("`nowhere`"), told.find("`neither`"));
}

}  // namespace
}  // namespace rxrun
