#include "training/checkpoint.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <fstream>

#include "diagnostics/diagnostic.h"
#include "files/files.h"
#include "network/forward.h"
#include "temporary_folder.h"
#include "tiny.h"
#include "training/evaluate.h"
#include "training/outputs.h"
#include "training/safetensors.h"

namespace rxrun {
namespace {

using ::testing::HasSubstr;

// Everything that a checkpoint holds, for a network of its own seed.
struct Trainee {
  Network network;
  std::optional<Optimizer> optimizer;
  std::optional<WeightAverage> average;
  TrainingState state;
  Outputs outputs;

  explicit Trainee(std::uint64_t seed, std::int64_t width = 6) : network(tiny::network(width)) {
    prepare(network, seed, "cpu");
    optimizer.emplace(OptimizerSpec{}, trainable_parameters(network));
    average.emplace(network, 0.9);
  }
  Trained trained() { return {network, *optimizer, &*average, state, outputs}; }
  void train_a_little() {
    for (auto& [name, parameter] : trainable_parameters(network))
      at::Tensor(parameter).mutable_grad() = at::ones_like(parameter) * 0.1;
    average->step(*optimizer, {.rate = 0.01});
    ++state.epoch;
    state.average_updates = average->updates();
  }
};

void expect_same(Trainee& a, Trainee& b) {
  const auto same = [](const NamedTensors& x, const NamedTensors& y) {
    ASSERT_EQ(x.size(), y.size());
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_TRUE(x[i].second.equal(y[i].second)) << x[i].first;
  };
  same(trainable_parameters(a.network), trainable_parameters(b.network));
  same(a.optimizer->state(), b.optimizer->state());
  same(a.average->tensors(), b.average->tensors());
  EXPECT_EQ(a.average->updates(), b.average->updates());
  EXPECT_EQ(a.state, b.state);
}

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void damage(const std::filesystem::path& file) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(-5, std::ios::end);
  stream.put('\x55');
}

std::vector<std::string> warnings;  // of the test that is running

Checkpoints checkpoints_in(const TemporaryFolder& folder, const std::string& identity = "one") {
  warnings.clear();
  return Checkpoints(folder.path(), identity, [](const std::string& text) { warnings.push_back(text); });
}

TEST(Checkpoint, ComesBackToTheBit) {
  const TemporaryFolder folder;
  Trainee run(1), other(2);
  run.train_a_little();
  run.state.seconds = 0.1;
  checkpoints_in(folder).save(run.trained());
  EXPECT_TRUE(checkpoints_in(folder).load(other.trained()));
  expect_same(run, other);
}

TEST(Checkpoint, NothingThere) {
  const TemporaryFolder folder;
  Trainee run(1);
  EXPECT_FALSE(checkpoints_in(folder).load(run.trained()));
}

TEST(Checkpoint, FallsBackOneGeneration) {
  const TemporaryFolder folder;
  Trainee run(1), first(1), read(2);
  run.train_a_little();
  first.train_a_little();
  Checkpoints checkpoints = checkpoints_in(folder);
  checkpoints.save(run.trained());
  run.train_a_little();
  checkpoints.save(run.trained());
  damage(checkpoints.last());

  Checkpoints after = checkpoints_in(folder);
  EXPECT_TRUE(after.load(read.trained()));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("continuing from the one before it"));
  expect_same(first, read);
  // The damaged file must not take the good one's place.
  read.train_a_little();
  after.save(read.trained());
  damage(after.last());
  Trainee again(3);
  EXPECT_TRUE(checkpoints_in(folder).load(again.trained()));
  expect_same(first, again);
}

TEST(Checkpoint, TheLastOneMissing) {
  const TemporaryFolder folder;
  Trainee run(1), read(2);
  Checkpoints checkpoints = checkpoints_in(folder);
  for (int i = 0; i < 2; ++i) {
    run.train_a_little();
    checkpoints.save(run.trained());
  }
  std::filesystem::remove(checkpoints.last());
  EXPECT_TRUE(checkpoints_in(folder).load(read.trained()));
  EXPECT_EQ(read.state.epoch, 1);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("is missing"));
}

TEST(Checkpoint, DamagedWithNothingBehindIt) {
  const TemporaryFolder folder;
  Trainee run(1);
  Checkpoints checkpoints = checkpoints_in(folder);
  checkpoints.save(run.trained());
  damage(checkpoints.last());
  EXPECT_THAT(message_of([&] { checkpoints_in(folder).load(run.trained()); }), HasSubstr("SHA-256"));
}

TEST(Checkpoint, OfAnotherRunIsRefused) {
  const TemporaryFolder folder;
  Trainee run(1);
  checkpoints_in(folder).save(run.trained());
  EXPECT_THAT(message_of([&] { checkpoints_in(folder, "two").load(run.trained()); }), HasSubstr("to another run"));
}

TEST(Checkpoint, OtherShapesAreNamed) {
  const TemporaryFolder folder;
  Trainee narrow(1, 6), wide(1, 8);
  checkpoints_in(folder).save(narrow.trained());
  EXPECT_THAT(message_of([&] { checkpoints_in(folder).load(wide.trained()); }),
              ::testing::AllOf(HasSubstr("conv1.weight"), HasSubstr("[6, 3, 3, 3]"), HasSubstr("[8, 3, 3, 3]")));
}

TEST(Weights, ComeBackAndAreAccordingToTorchvision) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "best.safetensors";
  Trainee run(1), read(2);
  save_weights(file, run.network, "one", 3);
  load_weights(file, read.network);
  for (std::size_t i = 0; i < trainable_parameters(run.network).size(); ++i)
    EXPECT_TRUE(trainable_parameters(run.network)[i].second.equal(trainable_parameters(read.network)[i].second));
  std::vector<std::string> names;
  const Safetensors content = read_safetensors(file);
  for (const auto& [name, tensor] : content.tensors) names.push_back(name);
  EXPECT_THAT(names, ::testing::ElementsAre("bn1.bias", "bn1.num_batches_tracked", "bn1.running_mean",
                                            "bn1.running_var", "bn1.weight", "conv1.weight", "fc.bias", "fc.weight"));
  EXPECT_EQ(content.tensors.at("bn1.num_batches_tracked").type, StoredType::i64);
  EXPECT_EQ(content.metadata.at("epoch"), "3");
}

// Weights in channels-last order must be written in the order of their shape.
TEST(Weights, AreWrittenRowMajor) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "best.safetensors";
  Trainee run(1);
  const at::Tensor weight = trainable_parameters(run.network)[0].second;
  ASSERT_TRUE(weight.is_contiguous(at::MemoryFormat::ChannelsLast));
  ASSERT_FALSE(weight.is_contiguous());
  save_weights(file, run.network, "one", 1);
  const Safetensors content = read_safetensors(file);
  const at::Tensor stored =
      at::from_blob(const_cast<char*>(content.tensors.at("conv1.weight").bytes.data()), weight.sizes(), at::kFloat);
  EXPECT_TRUE(stored.equal(weight));
}

TEST(Weights, MissingAndForeignTensorsAreNamed) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "best.safetensors";
  Trainee run(1);
  Network headless = tiny::network();
  headless.layers.pop_back();
  prepare(headless, 1, "cpu");
  save_weights(file, headless, "one", 1);
  EXPECT_THAT(message_of([&] { load_weights(file, run.network); }), HasSubstr("`fc.weight`"));
  save_weights(file, run.network, "one", 1);
  EXPECT_THAT(message_of([&] { load_weights(file, headless); }),
              HasSubstr("the network has no `fc.bias`, `fc.weight`"));
}

TEST(Weights, OtherTypesAreConverted) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "half.safetensors";
  Trainee run(1), read(2);
  std::vector<at::Tensor> kept;
  std::vector<TensorToStore> tensors;
  int i = 0;
  for (const NamedTensor& t : named_tensors(run.network)) {
    if (t.name.ends_with("num_batches_tracked")) continue;  // as in files of old
    const bool half = i++ % 2 == 0;
    kept.push_back(t.tensor.detach().to(half ? at::kHalf : at::kBFloat16).contiguous());
    tensors.push_back({t.name, half ? StoredType::f16 : StoredType::bf16, kept.back().sizes().vec(),
                       kept.back().data_ptr(), static_cast<std::size_t>(kept.back().nbytes())});
  }
  write_safetensors(file, tensors, {});
  load_weights(file, read.network);
  const auto a = trainable_parameters(run.network), b = trainable_parameters(read.network);
  for (std::size_t j = 0; j < a.size(); ++j)
    EXPECT_TRUE(at::allclose(a[j].second, b[j].second, 1e-2, 1e-3)) << a[j].first;
}

}  // namespace
}  // namespace rxrun
