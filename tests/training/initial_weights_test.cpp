#include "training/initial_weights.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/files.h"
#include "network/forward.h"
#include "temporary_folder.h"
#include "tiny.h"
#include "training/checkpoint.h"
#include "training/evaluate.h"

namespace rxrun {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class InitialWeightsFile : public ::testing::Test {
 protected:
  InitialWeightsFile() {
    spec_.file = folder_.path() / "weights.safetensors";
    spec_.where = {.file = "experiment.yaml",
                   .line = 7,
                   .column = 27,
                   .length = 4,
                   .text = "  initial_weights: {file: weights.safetensors}"};
    spec_.except_where = spec_.where;
    Network written = tiny::network();
    prepare(written, 1, "cpu");
    save_weights(spec_.file, written, "one", 1);
  }

  std::string message(const Network& network) const {
    try {
      read_initial_weights(spec_, network);
    } catch (const Error& error) {
      EXPECT_EQ(error.failure(), Failure::usage);
      return render(error.diagnostics());
    }
    return "no error";
  }

  const TemporaryFolder folder_;
  InitialWeightsSpec spec_;
};

std::map<std::string, at::Tensor> values(const Network& network) {
  std::map<std::string, at::Tensor> values;
  for (const NamedTensor& tensor : named_tensors(network)) values[tensor.name] = tensor.tensor.detach().clone();
  return values;
}

TEST_F(InitialWeightsFile, FillTheNetworkButForWhatIsLeftOut) {
  spec_.except = {"fc"};
  Network written = tiny::network(), network = tiny::network();
  const InitialWeights weights = read_initial_weights(spec_, network);
  prepare(written, 1, "cpu");
  prepare(network, 2, "cpu");
  const auto drawn = values(network);
  fill(network, weights);
  const auto filled = values(network), wanted = values(written);
  EXPECT_TRUE(filled.at("conv1.weight").equal(wanted.at("conv1.weight")));
  EXPECT_TRUE(filled.at("fc.weight").equal(drawn.at("fc.weight")));
  EXPECT_FALSE(filled.at("fc.weight").equal(wanted.at("fc.weight")));
}

// A sparse file, of which nothing but the first bytes may be read.
TEST_F(InitialWeightsFile, AHugeFileThatDoesNotFitIsRefusedByItsHeader) {
  const Network network = tiny::network();
  const std::string header = R"({"foreign":{"dtype":"F32","shape":[15000000000],"data_offsets":[0,60000000000]}})";
  for (const std::string& text : {header, std::string()}) {
    const std::uint64_t size = text.size();
    std::ofstream(spec_.file, std::ios::binary)
        << std::string(reinterpret_cast<const char*>(&size), sizeof size) << text;
    std::filesystem::resize_file(spec_.file, sizeof size + size + 60'000'000'000);
    EXPECT_THAT(message(network),
                AllOf(HasSubstr("experiment.yaml:7:27"),
                      HasSubstr(text.empty() ? "not a JSON object" : "the network has no `foreign`")));
  }
}

TEST_F(InitialWeightsFile, AreWhatATrainingBeginsWith) {
  Network network = tiny::network();
  const InitialWeights weights = read_initial_weights(spec_, network);
  Experiment experiment;
  experiment.training.epochs = 1;
  experiment.training.optimizer.lr = 1e-30;
  experiment.training.precision = Precision::float32;
  experiment.data.batch = 8;
  experiment.machine.threads = 1;
  TrainingObserver nobody;
  train(network, tiny::dataset(), experiment, {.folder = folder_.path(), .identity = "one", .initial = &weights},
        nobody);
  Network written = tiny::network();
  prepare(written, 1, "cpu");
  EXPECT_TRUE(values(network).at("conv1.weight").equal(values(written).at("conv1.weight")));
}

TEST_F(InitialWeightsFile, AllThatDoesNotFitIsToldAtItsPlace) {
  EXPECT_THAT(message(tiny::network(8)),
              AllOf(HasSubstr("experiment.yaml:7:27: error: tensor `bn1.bias` has shape [6] in "),
                    HasSubstr("the network's has [8]"), HasSubstr("`except`")));
  Network headless = tiny::network();
  headless.layers.pop_back();
  EXPECT_THAT(message(headless), HasSubstr("the network has no `fc.bias`, `fc.weight`, which "));
  spec_.except = {"fc", "head"};
  EXPECT_THAT(message(tiny::network()), AllOf(HasSubstr("neither the network nor "), HasSubstr("has a layer `head`")));
}

// A safetensors file with the tensors of `network`, each named by `name`, and `more`.
void write_renamed(const std::filesystem::path& file, const Network& network,
                   const std::function<std::string(const std::string&)>& name, std::vector<TensorToStore> more = {}) {
  std::vector<at::Tensor> kept;
  for (const auto& [path, tensor] : values(network)) {
    kept.push_back(tensor.contiguous());
    more.push_back({name(path), tensor.scalar_type() == at::kLong ? StoredType::i64 : StoredType::f32,
                    tensor.sizes().vec(), kept.back().data_ptr(), kept.back().nbytes()});
  }
  write_safetensors(file, more, {});
}

TEST_F(InitialWeightsFile, WhatOnlyTheFileHasCanBeLeftOut) {
  Network written = tiny::network();
  prepare(written, 1, "cpu");
  const float one = 1.0f;
  write_renamed(spec_.file, written, [](const std::string& name) { return name; },
                {{"fc_norm.weight", StoredType::f32, {1}, &one, sizeof one}});
  EXPECT_THAT(message(tiny::network()),
              AllOf(HasSubstr("the network has no `fc_norm.weight`, which "), HasSubstr("in `except`")));
  spec_.except = {"fc_norm"};
  EXPECT_EQ(message(tiny::network()), "no error");
  EXPECT_FALSE(read_initial_weights(spec_, tiny::network()).file.tensors.contains("fc_norm.weight"));
}

TEST_F(InitialWeightsFile, OtherTypesMatterOnlyWhereTheyAreTaken) {
  Network written = tiny::network();
  prepare(written, 1, "cpu");
  write_renamed(spec_.file, written, [](const std::string& name) { return name; });
  // fc.bias, of two floats, becomes two I32; position_ids is none of the network's.
  std::string bytes = read_file(spec_.file, 1 << 20);
  const std::size_t at = bytes.find("\"F32\"", bytes.find("\"fc.bias\""));
  bytes.replace(at, 5, "\"I32\"");
  const std::size_t sum = bytes.find("rxrun.sha256");
  ASSERT_NE(sum, std::string::npos);
  bytes.replace(sum, 12, "other.sha256");
  const std::size_t writer = bytes.find("rxrun.format");
  ASSERT_NE(writer, std::string::npos);
  bytes.replace(writer, 12, "other.format");
  write_file_atomically(spec_.file, bytes);
  EXPECT_THAT(message(tiny::network()), AllOf(HasSubstr("`fc.bias` is of type I32 in "), HasSubstr("expected F32")));
  spec_.except = {"fc"};
  EXPECT_EQ(message(tiny::network()), "no error");
}

TEST_F(InitialWeightsFile, APrefixOfAllNamesIsTold) {
  Network written = tiny::network();
  prepare(written, 1, "cpu");
  for (const std::string prefix : {"module.", "model.encoder."}) {
    write_renamed(spec_.file, written, [&](const std::string& name) { return prefix + name; });
    const std::string told = message(tiny::network());
    EXPECT_THAT(told,
                AllOf(HasSubstr("have `" + prefix + "` before the network's: `" + prefix + "bn1.bias` for `bn1.bias`"),
                      HasSubstr("removeprefix(\"" + prefix + "\")"), ::testing::Not(HasSubstr("are not in"))));
    EXPECT_EQ(told.find("DataParallel") != std::string::npos, prefix == "module.");
  }
}

TEST_F(InitialWeightsFile, AFileOfAnotherFormatIsNamed) {
  std::ofstream(spec_.file, std::ios::binary)
      << "PK\x03\x04" << std::string(30, '\0') << "archive/data.pkl" << std::string(1000, 'x');
  EXPECT_THAT(message(tiny::network()), AllOf(HasSubstr("experiment.yaml:7:27: error: "),
                                              HasSubstr("this is a PyTorch file"), HasSubstr("save_file(torch.load(")));
}

TEST_F(InitialWeightsFile, OfManyThatDoNotFitThreeAreTold) {
  const std::string told = message(tiny::network(8));
  EXPECT_THAT(told, HasSubstr("error: and 3 more tensors have another shape than the network's"));
  std::size_t count = 0;
  for (std::size_t at = told.find("has shape"); at != std::string::npos; at = told.find("has shape", at + 1)) ++count;
  EXPECT_EQ(count, 3u) << told;
}

TEST_F(InitialWeightsFile, AMissingTensorIsNamedAndOneThatIsLeftOutIsNot) {
  Network headless = tiny::network();
  headless.layers.pop_back();
  prepare(headless, 1, "cpu");
  save_weights(spec_.file, headless, "one", 1);
  EXPECT_THAT(message(tiny::network()), HasSubstr("the network's `fc.bias`, `fc.weight` are not in "));
  spec_.except = {"fc"};
  EXPECT_EQ(message(tiny::network()), "no error");
  spec_.except = {"f"};
  EXPECT_THAT(message(tiny::network()), HasSubstr("has a layer `f`")) << "a path ends at a dot";
}

TEST_F(InitialWeightsFile, AFileThatIsNoneIsToldAtItsPlace) {
  spec_.file = folder_.path() / "missing.safetensors";
  EXPECT_THAT(message(tiny::network()), AllOf(HasSubstr("experiment.yaml:7:27: error: "), HasSubstr("No such file")));
}

TEST_F(InitialWeightsFile, OtherWeightsHaveAnotherSum) {
  const std::string before = read_initial_weights(spec_, tiny::network()).sha256;
  Network other = tiny::network();
  prepare(other, 2, "cpu");
  save_weights(spec_.file, other, "one", 1);
  EXPECT_NE(read_initial_weights(spec_, tiny::network()).sha256, before);
}

}  // namespace
}  // namespace rxrun
