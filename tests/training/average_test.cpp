#include "training/average.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "tiny.h"
#include "training/evaluate.h"
#include "training/optimizer.h"

namespace rxrun {
namespace {

at::Tensor tensor_of(const NamedTensors& tensors, const std::string& name) {
  for (const auto& [own, tensor] : tensors)
    if (own == name) return tensor;
  throw std::runtime_error("no tensor " + name);
}

// Whatever way the optimizer takes over the parameters: in one pass (float32), or as LibTorch does it (float64).
TEST(WeightAverage, FollowsTheWeightsThatTheOptimizerMoves) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    Network network = tiny::network();
    prepare(network, 1, "cpu");
    if (type == at::kDouble) {
      for (NetworkLayer& layer : network.layers)
        layer.module->visit_tensors(
            [](const std::string&, Layer::DeclaredTensor& tensor) {
              if (tensor.trainable) *tensor.slot = tensor.slot->detach().to(at::kDouble).requires_grad_();
            },
            layer.path);
    }
    const NamedTensors weights = trainable_parameters(network);
    Optimizer optimizer({.kind = OptimizerSpec::Kind::sgd}, weights);
    WeightAverage average(network, 0.9);
    std::vector<at::Tensor> expected;
    for (const auto& [name, weight] : weights) expected.push_back(weight.detach().clone());
    for (int n = 1; n <= 12; ++n) {
      // One of them has no gradient; its average stays where it is.
      for (std::size_t i = 1; i < weights.size(); ++i)
        at::Tensor(weights[i].second).mutable_grad() = at::full_like(weights[i].second, 0.1 * n);
      average.step(optimizer, {.rate = 0.5});
      const double share = 1.0 - std::min(0.9, (1.0 + n) / (10.0 + n));
      for (std::size_t i = 0; i < weights.size(); ++i)
        expected[i] += share * (weights[i].second.detach() - expected[i]);
    }
    EXPECT_EQ(average.updates(), 12);
    const NamedTensors averages = average.tensors();
    for (std::size_t i = 0; i < weights.size(); ++i) {
      EXPECT_TRUE(at::allclose(tensor_of(averages, weights[i].first), expected[i], 1e-5, 1e-6)) << weights[i].first;
      if (i > 0) {
        EXPECT_FALSE(at::allclose(expected[i], weights[i].second.detach(), 1e-3, 1e-3)) << "it is no average";
      }
    }
  }
}

// Whoever keeps what it made of a weight asks LibTorch's count of the weight's changes whether it still holds.
TEST(WeightAverage, ItsChangesAreCounted) {
  Network network = tiny::network();
  prepare(network, 1, "cpu");
  const NamedTensors weights = trainable_parameters(network);
  Optimizer optimizer({}, weights);
  WeightAverage average(network, 0.9);
  std::vector<std::int64_t> before;
  for (const auto& [name, tensor] : average.tensors()) before.push_back(tensor._version());
  for (const auto& [name, weight] : weights) at::Tensor(weight).mutable_grad() = at::ones_like(weight);
  average.step(optimizer, {.rate = 0.5});
  std::size_t i = 0;
  for (const auto& [name, tensor] : average.tensors()) EXPECT_GT(tensor._version(), before[i++]) << name;
}

TEST(WeightAverage, TakesBuffersAsTheyAre) {
  Network network = tiny::network();
  prepare(network, 1, "cpu");
  Optimizer optimizer({}, trainable_parameters(network));
  WeightAverage average(network, 0.9);
  int buffers = 0;
  for (NetworkLayer& layer : network.layers)
    layer.module->visit_tensors(
        [&](const std::string&, Layer::DeclaredTensor& tensor) {
          if (!tensor.trainable) tensor.slot->fill_(7), ++buffers;
        },
        layer.path);
  average.step(optimizer, {.rate = 0.5});
  average.swap();
  for (NetworkLayer& layer : network.layers)
    layer.module->visit_tensors(
        [&](const std::string& name, Layer::DeclaredTensor& tensor) {
          if (!tensor.trainable) {
            EXPECT_TRUE(tensor.slot->eq(7).all().item<bool>()) << name;
          }
        },
        layer.path);
  EXPECT_GT(buffers, 0);
}

}  // namespace
}  // namespace rxrun
