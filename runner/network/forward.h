// The network as a function: what training does with it. Includes LibTorch: for .cpp files of network/ and training/
// only.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "network/network.h"

namespace rxrun {

// Called after each layer with its output.
using AfterLayer = std::function<void(const NetworkLayer&, const torch::Tensor& output)>;

// x: {batch, input...} → {batch, classes}. What a plugin's layer throws, an output of another shape, type or device
// than declared, an input that it changed, and a gradient that it cut off become Error(run) naming layer, plugin and
// cause. With gradients on, the backward pass marks each layer as current (network/current_layer.h).
torch::Tensor forward(const Network& network, const torch::Tensor& x, const AfterLayer& after_layer = {});

// loss.backward(), its exceptions translated into Error(run) naming the layer whose gradient was at work.
void backward(const torch::Tensor& loss);

struct NamedTensor {
  std::string name;  // "layer1.0.conv1.weight"
  torch::Tensor tensor;
  bool trainable;         // parameter, or buffer
  std::string type_name;  // of the layer that declares it: "BatchNorm2d"; empty for a child without a row
};
// All parameters and buffers in order of execution; the network must be materialised.
std::vector<NamedTensor> named_tensors(const Network& network);

void set_training(const Network& network, bool training);
void materialize(const Network& network, std::uint64_t seed, torch::Device device);
// Makes the draws of the coming forward a function of `step_key`.
void reseed(const Network& network, std::uint64_t step_key);

// Why a forward of `x` is not finite, as a sentence's part: "the input", "the weight `fc.weight`", or the label of the
// first layer whose output is not; empty when all is finite. Runs the network once more without gradients.
std::string first_not_finite(const Network& network, const torch::Tensor& x);

}  // namespace rxrun
