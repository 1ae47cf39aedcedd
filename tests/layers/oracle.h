// A layer against a formula written with LibTorch's elementary operations: the same output and the same gradients.
#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <string>

#include "rxrun/layer.h"

namespace rxrun::test {

using Tensors = std::map<std::string, torch::Tensor>;  // a layer's parameters and buffers by full name
using Formula = std::function<torch::Tensor(const torch::Tensor& x, const Tensors& weights)>;

// Parameters and buffers filled with random numbers, running variances positive.
Tensors fill(Layer& layer, std::uint64_t seed = 7);

// Fails the test unless the layer, for a random batch, gives what it declares and the formula's values, and the same
// gradients for x and every parameter. Both memory layouts of images; the output keeps the input's. The formula is
// computed in double precision.
void expect_formula(Layer& layer, const Formula& formula, std::int64_t batch = 3, double tolerance = 2e-4);

// What the constructor of `Make` says of an input that it cannot take; "no error" when it can.
std::string layer_error(const std::function<void()>& make);

torch::Tensor random_batch(const Shape& shape, std::int64_t batch, std::uint64_t seed = 3);

}  // namespace rxrun::test
