// A layer with memory, an input and the means to compare outputs. Includes LibTorch: for .cpp files only.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>

#include "plugin/layer_cases.h"

namespace rxrun {

struct LayerUnderTest {
  std::unique_ptr<Layer> layer;

  // Built, materialized from `seed`, in training or evaluation mode, seeded for its draws.
  LayerUnderTest(const LayerFactories& factories, const LayerCase& tried, std::uint64_t seed, bool training);

  void to_double();
  // Moves every parameter a little: biases of exactly 0 put whole areas on the kink of a ReLU, where no derivative is
  // right.
  void disturb();
  torch::Tensor forward(const torch::Tensor& x, std::uint64_t step = 1);  // draws anew from `step`
  std::vector<std::pair<std::string, torch::Tensor>> tensors();
};

// Normal numbers that depend on shape and seed alone.
torch::Tensor test_input(const Shape& shape, std::int64_t batch, std::uint64_t seed,
                         torch::ScalarType type = torch::kFloat);

// "Values differ by up to 0.3 (of 1.2)"; empty: equal within `tolerance` of the largest value, or to the bit for 0.
std::string difference(const torch::Tensor& a, const torch::Tensor& b, double tolerance);

// Analytic against numerical derivatives in double precision, of the input and every parameter, along random
// directions.
std::string gradient_fault(const LayerFactories& factories, const LayerCase& tried, bool training);

}  // namespace rxrun
