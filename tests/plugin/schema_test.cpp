// The JSON Schema: never stale, and of one mind with the reader. An independent validator (valijson) judges.
#include "plugin/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <algorithm>
#include <cstdlib>

#include "diagnostics/render.h"
#include "experiment/node_json.h"
#include "experiment/read.h"
#include "files/files.h"
#include "plugin/catalog.h"

namespace rxrun {
namespace {

using Json = nlohmann::json;

const std::string experiments = RXRUN_SOURCE_DIR "/experiments";

std::vector<LayerInfo> shipped_layers() {
  std::vector<std::filesystem::path> libraries;
  for (const auto& entry : std::filesystem::directory_iterator(RXRUN_PLUGIN_FOLDER))
    if (entry.path().extension() == ".so") libraries.push_back(entry.path());
  std::sort(libraries.begin(), libraries.end());
  std::vector<LayerInfo> layers;
  for (const auto& library : libraries)
    for (const LayerInfo& layer : read_plugin(library).layers) layers.push_back(layer);
  return layers;
}

Json to_json(const Node& node) { return Json::parse(json_of(node).dump()); }

Json parsed(const std::string& yaml) {
  Diagnostics diagnostics;
  const auto document = parse_document(yaml, "a.yaml", diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << render(diagnostics.list());
  return document ? to_json(*document) : Json();
}

class ExperimentSchema : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    layers_ = new std::vector<LayerInfo>(shipped_layers());
    schema_ = new valijson::Schema;
    const Json json = Json::parse(experiment_schema(*layers_));
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(json), *schema_);
  }
  static void TearDownTestSuite() {
    delete schema_;
    delete layers_;
  }
  // Why the document is refused; empty when it is accepted.
  static std::string refusal(const Json& document) {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    if (validator.validate(*schema_, valijson::adapters::NlohmannJsonAdapter(document), &results)) return {};
    std::string text = "refused";
    for (valijson::ValidationResults::Error error; results.popError(error);) {
      for (const std::string& step : error.context) text += step;
      text += ": " + error.description + "\n";
    }
    return text;
  }
  static std::string changed(const std::string& rest) { return refusal(parsed("extends: base.yaml\n" + rest + "\n")); }
  static std::vector<LayerInfo>* layers_;
  static valijson::Schema* schema_;
};
std::vector<LayerInfo>* ExperimentSchema::layers_ = nullptr;
valijson::Schema* ExperimentSchema::schema_ = nullptr;

TEST_F(ExperimentSchema, OnDiskIsTheGeneratedOne) {
  const std::string file = RXRUN_SOURCE_DIR "/schemas/experiment.schema.json";
  if (std::getenv("RXRUN_UPDATE_GOLDEN") != nullptr) write_file_atomically(file, experiment_schema(*layers_));
  EXPECT_EQ(read_file(file, 4 << 20), experiment_schema(*layers_))
      << "stale: rxrun schema > schemas/experiment.schema.json";
}

TEST_F(ExperimentSchema, AcceptsEveryExperimentAsWrittenAndResolved) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(experiments)) {
    EXPECT_EQ(refusal(parsed(read_file(entry.path(), 1 << 20))), "") << entry.path();
    Diagnostics diagnostics;
    const ReadExperiment read = read_experiment(entry.path(), {}, diagnostics);
    EXPECT_EQ(refusal(to_json(read.tree)), "") << entry.path();
    ++count;
  }
  EXPECT_GE(count, 8);
}

TEST_F(ExperimentSchema, AcceptsWhatTheReaderAccepts) {
  for (const char* rest : {"training: {optimizer: adam}",
                           "training: {optimizer: {adam: }}",
                           "training: {optimizer: {adam: {betas: [0.9, 0.99]}}}",
                           "training: {schedule: {multi_step: {milestones: [1, 2]}}}",
                           "training: {loss: {cross_entropy: {class_weights: balanced}}}",
                           "training: {loss: {cross_entropy: {class_weights: [1, 2.5]}}}",
                           "training: {early_stopping: null}",
                           "training: {epochs: '${env:EPOCHS:3}'}",
                           "data: {channels: 0}",
                           "data: {channels: auto}",
                           "data: {memory: 4 GiB}",
                           "data: {memory: 1024}",
                           "data: {normalize: {mean: [0.5], deviation: [0.5]}}",
                           "data: {split: {train: train, test: 0.1}}",
                           "data: {sample: {histology: {images: 100}}}",
                           "data: {split: {seed: null}}",
                           "network: {gain: 3, sizes: [1, 2]}",
                           "network: {stem: [my_layer, {my_other: {a: 1}}, {conv: {channels: 8, kernel: [3, 5]}}]}",
                           "network: {stages: [{block: my_block, size: 3}]}",
                           "network: {stages: [{block: resnext_bottleneck, planes: 64, depth: 2}]}",
                           "machine: {device: 'cuda:1', threads: auto}"}) {
    EXPECT_EQ(changed(rest), "") << rest;
  }
}

TEST_F(ExperimentSchema, RefusesWhatTheReaderRefuses) {
  for (const char* rest : {"sed: 3",
                           "name: ../a",
                           "name: ..",
                           "seed: -1",
                           "training: fast",
                           "training: {epochs: 0}",
                           "training: {epochs: ten}",
                           "training: {epochs: 2.5}",
                           "training: {optimizer: adm}",
                           "training: {optimizer: {adam: {momentum: 0.9}}}",
                           "training: {optimizer: {adam: {lr: 0}}}",
                           "training: {optimizer: {adam: {}, sgd: {}}}",
                           "training: {optimizer: {adam: {betas: [0.9]}}}",
                           "training: {schedule: multi_step}",
                           "training: {keep_best: {metric: accuracy}}",
                           "training: {early_stopping: true}",
                           "data: {batch: 65537}",
                           "data: {bach: 3}",
                           "data: {channels: 1025}",
                           "data: {classes: 1}",
                           "data: {augment: {horizontal_flip: yes}}",
                           "data: {memory: lots}",
                           "data: {normalize: measure}",
                           "data: {split: {train: 1.5}}",
                           "data: {sample: {histology: {images: 2}}}",
                           "network: {plugins: []}",
                           "network: {stem: relu}",
                           "network: {stem: [3]}",
                           "network: {stem: [{conv: {}, relu: {}}]}",
                           "network: {stem: [{conv: {chanels: 3}}]}",
                           "network: {gain: {a: 1}}",
                           "network: {stages: [{depth: 3}]}",
                           "network: {stages: [{block: resnext_bottleneck, plane: 64}]}",
                           "network: {stages: [{block: resnext_bottleneck, planes: 64, depth: 0}]}",
                           "machine: {device: gpu}"}) {
    EXPECT_NE(changed(rest), "") << rest;
  }
  EXPECT_NE(refusal(parsed("name: a\ndata: {source: histology}\n")), "") << "without a network";
  EXPECT_NE(refusal(parsed("name: a\ndata: {source: histology}\nnetwork: {head: [linear]}\n")), "")
      << "without plugins";
}

}  // namespace
}  // namespace rxrun
