#include "experiment/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "diagnostics/render.h"
#include "experiment/key.h"
#include "experiment/node_values.h"
#include "experiment/paths.h"
#include "same_tree.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string network = "name: a\nnetwork: {plugins: [convnet], head: [linear]}\n";

class Read : public testing::Test {
 protected:
  ReadExperiment read(const std::string& yaml, const std::vector<std::string>& words = {}) {
    std::vector<Override> overrides;
    overrides.reserve(words.size());
    for (const std::string& word : words) overrides.push_back(parse_override(word));
    Diagnostics diagnostics;
    ReadExperiment result = read_experiment(folder_.write("a.yaml", yaml), overrides, diagnostics);
    EXPECT_TRUE(diagnostics.list().empty()) << render(diagnostics.list());
    return result;
  }
  std::string errors(const std::string& yaml, const std::vector<std::string>& words) {
    std::vector<Override> overrides;
    overrides.reserve(words.size());
    for (const std::string& word : words) overrides.push_back(parse_override(word));
    Diagnostics diagnostics;
    read_experiment(folder_.write("a.yaml", yaml), overrides, diagnostics);
    return render(diagnostics.list());
  }
  TemporaryFolder folder_;
};

TEST_F(Read, DefaultsAreThoseOfThePlainValues) {
  const Experiment read_back = read(network + "data: {path: images}\n").experiment;
  const Experiment plain;
  EXPECT_EQ(read_back.seed, plain.seed);
  EXPECT_EQ(read_back.data.batch, plain.data.batch);
  EXPECT_EQ(read_back.data.image_size, plain.data.image_size);
  EXPECT_EQ(read_back.data.memory, plain.data.memory);
  EXPECT_EQ(read_back.data.split.train, plain.data.split.train);
  EXPECT_EQ(read_back.data.normalize.source, plain.data.normalize.source);
  EXPECT_EQ(read_back.data.sample, std::nullopt);
  EXPECT_EQ(read_back.training.epochs, plain.training.epochs);
  EXPECT_EQ(read_back.training.optimizer.kind, plain.training.optimizer.kind);
  EXPECT_EQ(read_back.training.optimizer.lr, plain.training.optimizer.lr);
  EXPECT_EQ(read_back.training.schedule.kind, plain.training.schedule.kind);
  EXPECT_EQ(read_back.training.keep_best.metric, "validation_accuracy");
  EXPECT_TRUE(read_back.training.keep_best.maximize);
  EXPECT_FALSE(read_back.training.early_stopping.has_value());
  EXPECT_EQ(read_back.machine.device, "auto");
}

TEST_F(Read, WhichWeightsAreKeptIsWrittenOnlyWhereItIsTheLast) {
  const std::string keep_best = "data: {path: images}\ntraining: {keep_best: {metric: validation_auc";
  EXPECT_FALSE(read(network + keep_best + "}}\n").experiment.training.keeps_last_epoch);
  const TrainingSpec kept = read(network + keep_best + ", weights: last}}\n").experiment.training;
  EXPECT_TRUE(kept.keeps_last_epoch);
  EXPECT_EQ(kept.keep_best.metric, "validation_auc");
}

TEST_F(Read, AWholeExperiment) {
  Diagnostics diagnostics;
  const Experiment e =
      read_experiment(RXRUN_SOURCE_DIR "/tests/golden/whole_experiment.yaml", {}, diagnostics).experiment;
  EXPECT_EQ(e.seed, 365u);
  EXPECT_THAT(e.network.plugins, ElementsAre("convnet", "resnext"));
  EXPECT_TRUE(diagnostics.list().empty()) << render(diagnostics.list());
  ASSERT_EQ(e.network.shared.size(), 2u);
  EXPECT_EQ(e.network.shared[0].key, "cardinality");
  EXPECT_EQ(e.network.shared[0].value.integer, 32);
  ASSERT_EQ(e.network.stem.size(), 4u);
  EXPECT_EQ(e.network.stem[0].layer, "conv");
  EXPECT_EQ(e.network.stem[0].options[1].key, "kernel");
  EXPECT_EQ(e.network.stem[0].options[1].value.integer, 7);
  EXPECT_EQ(e.network.stem[1].layer, "batch_norm");
  EXPECT_TRUE(e.network.stem[1].options.empty());
  ASSERT_EQ(e.network.stages.size(), 4u);
  EXPECT_EQ(e.network.stages[2].depth, 6);
  EXPECT_EQ(e.network.stages[2].block.layer, "resnext_bottleneck");
  EXPECT_EQ(e.network.stages[2].block.options[0].key, "planes");
  EXPECT_EQ(e.network.stages[2].block.options[1].value.integer, 2);
  EXPECT_EQ(e.network.stages[2].block.where.line, 12);
  EXPECT_EQ(e.data.sample, "histology");
  EXPECT_EQ(e.data.split.group_by, "^([0-9]+)_idx");
  EXPECT_TRUE(e.data.path.is_absolute());
  EXPECT_EQ(e.training.optimizer.lr, 1e-4);
  EXPECT_EQ(e.training.schedule.kind, ScheduleSpec::Kind::reduce_on_plateau);
  EXPECT_EQ(e.training.schedule.patience, 5);
}

TEST_F(Read, PlacesOfTheDatasKeys) {
  const Experiment e =
      read(network + "data:\n  path: images\n  classes: 2\n  split:\n    validation: 0.1\n").experiment;
  const int first = e.data.path_where.line;
  ASSERT_TRUE(e.data.written.contains("split.validation"));
  EXPECT_EQ(e.data.written.at("path").line, first);
  EXPECT_EQ(e.data.written.at("classes").line, first + 1);
  EXPECT_EQ(e.data.written.at("split").line, first + 2);
  EXPECT_EQ(e.data.written.at("split.validation").line, first + 3);
  EXPECT_FALSE(e.data.written.contains("split.train")) << "it is a default";
}

TEST_F(Read, EveryKindOfValue) {
  const Experiment e = read(network + R"(
data:
  source: manifest
  path: /images/list.csv
  sample: {histology: {images: 64}}
  channels: 1
  classes: auto
  split: {train: train, validation: 0.1, test: val, group_by: patient, seed: 7}
  augment: {pad: 2, horizontal_flip: true, scale: 0.5}
  normalize: {mean: [0.5], deviation: [0.25]}
  on_bad_image: skip
  memory: 1.5 GiB
training:
  epochs: 9
  optimizer: {adamw: {betas: [0.8, 0.99]}}
  schedule: {multi_step: {milestones: [3, 6], warm_up: 0.5}}
  loss: {cross_entropy: {class_weights: [1, 2.5], label_smoothing: 0.1}}
  early_stopping: {metric: validation_brier, patience: 3}
  precision: bfloat16
machine: {device: "cuda:1", threads: 3, loader_threads: auto, cuda_graph: true}
)")
                           .experiment;
  EXPECT_EQ(e.data.source, SourceKind::manifest);
  EXPECT_EQ(e.data.sample_images, 64);
  EXPECT_EQ(e.data.channels, 1);
  EXPECT_EQ(e.data.classes, 0);
  EXPECT_EQ(e.data.split.train, SplitPart("train"));
  EXPECT_EQ(e.data.split.validation, SplitPart(0.1));
  EXPECT_EQ(e.data.split.seed, 7u);
  EXPECT_EQ(e.data.augment.pad, 2);
  EXPECT_EQ(e.data.augment.scale_low, 0.5);
  EXPECT_EQ(e.data.normalize.source, NormalizeSpec::Source::given);
  EXPECT_THAT(e.data.normalize.deviation, ElementsAre(0.25));
  EXPECT_EQ(e.data.on_bad_image, OnBadImage::skip);
  EXPECT_EQ(e.data.memory, 3ull << 29);
  EXPECT_EQ(e.training.optimizer.kind, OptimizerSpec::Kind::adamw);
  EXPECT_EQ(e.training.optimizer.beta1, 0.8);
  EXPECT_EQ(e.training.optimizer.beta2, 0.99);
  EXPECT_EQ(e.training.optimizer.weight_decay, 0.01);
  EXPECT_THAT(e.training.schedule.milestones, ElementsAre(3, 6));
  EXPECT_EQ(e.training.schedule.warm_up, 0.5);
  EXPECT_THAT(e.training.loss.class_weights, ElementsAre(1.0, 2.5));
  ASSERT_TRUE(e.training.early_stopping.has_value());
  EXPECT_EQ(e.training.early_stopping->goal.metric, "validation_brier");
  EXPECT_FALSE(e.training.early_stopping->goal.maximize);
  EXPECT_EQ(e.training.early_stopping->patience, 3);
  EXPECT_EQ(e.training.precision, Precision::bfloat16);
  EXPECT_EQ(e.machine.device, "cuda:1");
  EXPECT_EQ(e.machine.threads, 3);
  EXPECT_EQ(e.machine.loader_threads, 0);
  EXPECT_TRUE(e.machine.cuda_graph);
}

TEST_F(Read, OverridesByTail) {
  const std::string yaml = network + "data: {path: images}\n";
  EXPECT_EQ(read(yaml, {"lr=3e-4"}).experiment.training.optimizer.lr, 3e-4);
  EXPECT_EQ(read(yaml, {"optimizer.adam.lr=3e-4"}).experiment.training.optimizer.lr, 3e-4);
  EXPECT_EQ(read(yaml, {"optimizer.sgd.momentum=0.9"}).experiment.training.optimizer.kind, OptimizerSpec::Kind::sgd);
  EXPECT_EQ(read(yaml, {"optimizer=rmsprop"}).experiment.training.optimizer.kind, OptimizerSpec::Kind::rmsprop);
  EXPECT_EQ(read(yaml, {"batch=8", "epochs=2"}).experiment.data.batch, 8);
  EXPECT_EQ(read(yaml, {"split.seed=5"}).experiment.data.split.seed, 5u);
  EXPECT_EQ(read(yaml, {"seed=5"}).experiment.seed, 5u);
  EXPECT_EQ(read(yaml, {"network.cardinality=8"}).experiment.network.shared.at(0).value.integer, 8);
  EXPECT_EQ(read(yaml, {"early_stopping.patience=4"}).experiment.training.early_stopping->patience, 4);
  EXPECT_THAT(errors(yaml, {"epochs=0"}),
              HasSubstr("`epochs` must be an integer from 1 to 1000000, found the integer 0"));
  EXPECT_THAT(errors(yaml, {"epoch=3"}), HasSubstr("did you mean"));
  const std::string map = errors(yaml, {"data.split=given"});
  EXPECT_THAT(map, HasSubstr("`data.split` is a map and cannot be set to a single value"));
  EXPECT_THAT(map, HasSubstr("its keys are train, validation, test, group_by, seed"));
}

TEST_F(Read, AnOverrideIsTakenWhole) {
  const std::string yaml = network + "data: {path: images}\n";
  const auto file = [&](const std::string& word) {
    return read(yaml, {word}).experiment.training.initial_weights->file.string();
  };
  EXPECT_EQ(file("file=/1=1"), "/1=1");
  EXPECT_EQ(file("training.initial_weights.file=/a==b=="), "/a==b==");
  for (const char* text : {"a=1", "=", "a b", "a #1", "#1", "# a: b", "a#b", "it's #1"})
    EXPECT_EQ(read(yaml, {std::string("description=") + text}).experiment.description, text);
  EXPECT_EQ(read(yaml, {"description=  a #1 "}).experiment.description, "a #1");
  EXPECT_EQ(read(yaml, {"description='a #1'"}).experiment.description, "a #1");
  EXPECT_EQ(read(yaml, {"description=a #${name}"}).experiment.description, "a #a");
  EXPECT_THAT(errors(yaml, {"batch=8 #9"}),
              HasSubstr("`batch` must be an integer from 1 to 65536, found the string `8 #9`"));
  EXPECT_THAT(errors(yaml, {"description=a #\x01"}), HasSubstr("the control character U+0001 is not allowed"));
}

TEST_F(Read, ATailNamesAKeyOfTheKindThatAnOverrideChooses) {
  using Kind = OptimizerSpec::Kind;
  for (const char* written : {"optimizer: {adamw: {lr: 4e-4, weight_decay: 0.05}}", "optimizer: adamw",
                              "optimizer: {sgd: {}}", "epochs: 3"}) {
    const std::string yaml = network + "data: {path: images}\ntraining: {" + written + "}\n";
    for (const auto& [word, kind] :
         {std::pair("optimizer=sgd", Kind::sgd), std::pair("optimizer=adamw", Kind::adamw),
          std::pair("optimizer=adam", Kind::adam), std::pair("optimizer={rmsprop: {alpha: 0.5}}", Kind::rmsprop),
          std::pair("training={optimizer: sgd}", Kind::sgd)}) {
      const OptimizerSpec optimizer = read(yaml, {word, "lr=0.1"}).experiment.training.optimizer;
      EXPECT_EQ(optimizer.kind, kind) << written << " " << word;
      EXPECT_EQ(optimizer.lr, 0.1) << written << " " << word;
    }
  }
  EXPECT_EQ(read(network + "data: {path: images}\n", {"epochs=4", "schedule=step", "gamma=0.5", "warm_up=2"})
                .experiment.training.schedule.warm_up,
            2.0);
  EXPECT_EQ(read(network + "data: {path: images}\n", {"sample=histology", "images=50"}).experiment.data.sample_images,
            50);
}

TEST_F(Read, ATailThatAlsoNamesADefaultIsAmbiguous) {
  const std::string yaml = "name: a\nnetwork: {plugins: [convnet], head: [linear], epsilon: 1}\ndata: {path: images}\n";
  EXPECT_THAT(errors(yaml, {"epsilon=1e-3"}), HasSubstr("`network.epsilon`, `training.optimizer.adam.epsilon`"));
  EXPECT_THAT(errors(yaml, {"optimizer=adamw", "epsilon=1e-3"}),
              HasSubstr("`network.epsilon`, `training.optimizer.adamw.epsilon`"));
}

TEST(Keys, KindsAreChosenWhereTheTableSaysSo) {
  for (const char* path : {"training.optimizer", "training.schedule", "training.loss", "data.sample"})
    EXPECT_TRUE(selects_kind(path)) << path;
  for (const char* path :
       {"", "training", "training.optimizer.adam", "training.optimizer.adam.lr", "data.path", "no.such"})
    EXPECT_FALSE(selects_kind(path)) << path;
}

TEST_F(Read, ExtendingCanChooseAnotherKind) {
  folder_.write("base.yaml", network +
                                 "data: {path: images}\ntraining: {optimizer: {sgd: {lr: 0.5}}, loss: {cross_entropy: "
                                 "{label_smoothing: 0.1}}}\n");
  const Experiment e = read("extends: base.yaml\ntraining: {optimizer: {adam: {}}}\n").experiment;
  EXPECT_EQ(e.training.optimizer.kind, OptimizerSpec::Kind::adam);
  EXPECT_EQ(e.training.optimizer.lr, 1e-3);
  EXPECT_EQ(e.training.loss.label_smoothing, 0.1);
}

// experiment.yaml of a run and of a point are read from other folders.
TEST_F(Read, FrozenItReadsTheSameFromAnyFolder) {
  const std::string yaml =
      "name: a\nnetwork: {plugins: [convnet, ./build/libmine.so, other.so], head: [linear]}\ndata: {path: "
      "some/images}\n";
  const ReadExperiment here = read(yaml);
  const std::string text = write_experiment(frozen(here));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path("/");
  const ReadExperiment there = read(text);
  std::filesystem::current_path(before);
  EXPECT_EQ(there.experiment.data.path, before / "some/images");
  EXPECT_THAT(there.experiment.network.plugins,
              ElementsAre("convnet", (before / "build/libmine.so").string(), (before / "other.so").string()));
}

TEST_F(Read, FlatValues) {
  const auto values = flatten(read(network + "data: {path: images, normalize: {mean: [0.5], deviation: [1]}}\n",
                                   {"network.stages=[{block: b, stride: 2}]"})
                                  .tree);
  const auto has = [&](const std::string& key, const std::string& value) {
    EXPECT_THAT(values, testing::Contains(std::pair(key, value)));
  };
  has("name", "a");
  has("network.plugins", "[convnet]");
  has("network.head.0", "linear");
  has("network.stages.0.depth", "1");
  has("network.stages.0.stride", "2");
  has("data.normalize.mean", "[0.5]");
  has("training.optimizer.adam.lr", "0.001");
  has("machine.threads", "auto");
  has("training.optimizer", "adam");
  has("training.schedule", "constant");
  has("training.loss", "cross_entropy");
  has("network.stem", "[]");
  has("network.head", "[linear]");
  has("network.stages", "[{block: b, depth: 1, stride: 2}]");
  for (const auto& [key, value] : values) EXPECT_NE(value, "null") << key;
  const auto chosen = flatten(read(network + "data: {source: histology, sample: histology}\n",
                                   {"optimizer=sgd", "stem=[{conv: {channels: 8, padding: same}}, relu]"})
                                  .tree);
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"training.optimizer", "sgd"},
           {"data.sample", "histology"},
           {"network.stem", "[{conv: {channels: 8, padding: same}}, relu]"},
           {"network.stem.0", "conv"},
           {"network.stem.0.conv.channels", "8"},
           {"network.stem.1", "relu"}})
    EXPECT_THAT(chosen, testing::Contains(std::pair(key, value)));
}

TEST_F(Read, ChoicesOfAStoredText) {
  const std::string text = write_experiment(read(network + "data: {path: images}\n", {"optimizer=sgd"}).tree);
  EXPECT_THAT(choices_in(text), testing::UnorderedElementsAre(
                                    std::pair("network.stem", "[]"), std::pair("network.stages", "[]"),
                                    std::pair("network.head", "[linear]"), std::pair("network.head.0", "linear"),
                                    std::pair("training.optimizer", "sgd"), std::pair("training.schedule", "constant"),
                                    std::pair("training.loss", "cross_entropy")));
  EXPECT_TRUE(choices_in("a: [").empty());
  EXPECT_TRUE(choices_in("").empty());
}

TEST_F(Read, WrittenTextSurvives) {
  const std::vector<std::string> hard = {"'yes: # \"quoted\" ${env:HOME}'",
                                         "\"tab\\t and \\u00e9\"",
                                         "'1e5'",
                                         "'null'",
                                         "'- a'",
                                         "'$${seed} $$'",
                                         "\"a\\nb\""};
  for (const std::string& text : hard) {
    const std::string escaped = text.find("${env") == std::string::npos ? text : "'yes: # \"quoted\" $${env:HOME}'";
    std::string yaml = network + "data: {source: histology}\ndescription: ";
    yaml.append(escaped).append("\n");
    const ReadExperiment first = read(yaml);
    const ReadExperiment second = read(write_experiment(first.tree));
    EXPECT_TRUE(same_tree(first.tree, second.tree)) << write_experiment(first.tree);
  }
}

TEST_F(Read, KeysAreFoundByPath) {
  ASSERT_NE(find_key("training.optimizer.adam.lr"), nullptr);
  EXPECT_EQ(find_key("training.optimizer.adam.lr")->name, "lr");
  EXPECT_EQ(find_key("training.optimizer.adam.momentum"), nullptr);
  EXPECT_EQ(find_key("network.cardinality"), nullptr);
  EXPECT_EQ(find_key("data.path.more"), nullptr);
  EXPECT_EQ(find_key(""), nullptr);
}

}  // namespace
}  // namespace rxrun
