// Networks that torchvision has too: the same names, shapes and, for the same weights, the same logits.
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>
#include <fstream>

#include "network/forward.h"
#include "networks.h"
#include "rxrun/layer.h"

namespace rxrun {
namespace {

using test::build;
using test::resnet;
using test::resnext50;

// Lines "name<tab>shape" of torchvision's state_dict.
std::string expected_names(const std::string& network) {
  std::ifstream file(std::string(RXRUN_SOURCE_DIR "/tests/network/torchvision_") + network + ".tsv");
  EXPECT_TRUE(file);
  std::string lines, line;
  std::getline(file, line);
  while (std::getline(file, line)) lines += line + "\n";
  return lines;
}

std::string names_of(const Network& network) {
  std::string lines;
  for (const NetworkLayer& layer : network.layers) {
    layer.module->visit_tensors(
        [&lines](const std::string& name, Layer::DeclaredTensor& tensor) {
          std::string shape;
          for (const std::int64_t side : tensor.shape) shape += (shape.empty() ? "" : "x") + std::to_string(side);
          lines += name + "\t" + shape + "\n";
        },
        layer.path);
  }
  return lines;
}

TEST(Torchvision, ResNet50HasTheSameTensors) {
  EXPECT_EQ(names_of(build(resnet("bottleneck", "3463"), {3, 224, 224}, 1000)), expected_names("resnet50"));
}

TEST(Torchvision, ResNeXt50HasTheSameTensors) {
  EXPECT_EQ(names_of(build(resnext50("cardinality: 32"), {3, 224, 224}, 1000)), expected_names("resnext50_32x4d"));
}

// Numbers in [-1, 1) from SplitMix64's output function of (key << 32) + 1 + i: easy to write in Python as well.
torch::Tensor uniform(at::IntArrayRef shape, std::uint64_t key) {
  torch::Tensor tensor = torch::empty(shape, torch::kDouble);
  double* values = tensor.data_ptr<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    std::uint64_t z = (key << 32) + 1 + std::uint64_t(i);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    values[i] = double(z >> 11) / 9007199254740992.0 * 2.0 - 1.0;
  }
  return tensor;
}

// The logits of two images of 3×64×64. The tensor number t is uniform(shape, t), scaled by sqrt(6 / fan_in) for
// matrices, made 1 + 0.1 u for running_var and normalisation weights, 0.1 u for the rest; the images are uniform(shape,
// 1000).
torch::Tensor logits(const Network& network) {
  const torch::NoGradGuard no_gradients;
  at::set_num_threads(1);
  materialize(network, 0, torch::kCPU);
  std::uint64_t key = 0;
  for (const NamedTensor& named : named_tensors(network)) {
    const torch::Tensor& tensor = named.tensor;
    torch::Tensor values = uniform(tensor.sizes(), key++);
    if (tensor.scalar_type() == torch::kLong) continue;
    if (tensor.dim() >= 2) {
      values.mul_(std::sqrt(6.0 * double(tensor.size(0)) / double(tensor.numel())));
    } else {
      values.mul_(0.1);
      if (named.name.ends_with("running_var") || named.name.ends_with(".weight")) values.add_(1.0);
    }
    tensor.copy_(values);
  }
  set_training(network, false);
  return forward(network, uniform({2, 3, 64, 64}, 1000).to(torch::kFloat));
}

// The same network and weights in torchvision 0.14.1 with PyTorch 1.13.0 on a CPU.
void expect_logits(const torch::Tensor& actual, const std::vector<double>& expected) {
  const torch::Tensor wanted = torch::tensor(expected, torch::kDouble).reshape({2, 10});
  const double error =
      (actual.to(torch::kDouble) - wanted).abs().max().item<double>() / wanted.abs().max().item<double>();
  EXPECT_LT(error, 1e-5) << actual;
}

TEST(Torchvision, ResNet18ComputesTheSame) {
  expect_logits(
      logits(build(resnet("basic_block", "2222"), {3, 64, 64}, 10)),
      {0.3653715, -7.245025, 5.532701, -6.225618, 4.749403, -1.393743, 0.5373852, -2.398226, -6.5915,  1.094929,
       2.732274,  -5.175525, 6.228837, -7.267375, 5.535908, -4.374107, 3.994912,  -4.683393, -2.19401, 4.794022});
}

TEST(Torchvision, ResNet50ComputesTheSame) {
  expect_logits(
      logits(build(resnet("bottleneck", "3463"), {3, 64, 64}, 10)),
      {-666.8187, -1051.586, 395.8868, -963.6571, 965.4078, 620.91,   369.9307, 617.5682, 444.8246, -301.8205,
       -626.0923, -1039.332, 409.7969, -943.608,  932.927,  599.3854, 315.4086, 573.7304, 430.3864, -303.4597});
}

TEST(Torchvision, ResNeXt50ComputesTheSame) {
  expect_logits(
      logits(build(resnext50("cardinality: 32"), {3, 64, 64}, 10)),
      {640.1985, -637.627,  -70.64355, 872.6955, 1275.557, -94.06226, 34.99841, 50.10904, 1021.457, 188.7705,
       631.0146, -581.1987, -55.7811,  880.9694, 1240.03,  -59.57727, 11.74014, 47.27728, 960.5886, 215.9856});
}

}  // namespace
}  // namespace rxrun
