// Activations: element-wise, any shape, no parameters.
#pragma once

#include <string>

#include "rxrun/layer.h"

namespace rxrun::layers {

// y = Function(x).
template <torch::Tensor (*Function)(const torch::Tensor&)>
class Activation final : public Layer {
 public:
  struct Options {};
  Activation(const Options&, const Shape& input) : Layer(input) {}
  torch::Tensor forward(const torch::Tensor& x) override { return Function(x); }
};

torch::Tensor relu(const torch::Tensor& x);     // max(0, x)
torch::Tensor silu(const torch::Tensor& x);     // x · sigmoid(x) (arXiv 1702.03118)
torch::Tensor sigmoid(const torch::Tensor& x);  // 1 / (1 + exp(-x))
torch::Tensor tanh(const torch::Tensor& x);
torch::Tensor hardswish(const torch::Tensor& x);  // x · min(max(x + 3, 0), 6) / 6 (arXiv 1905.02244)

using Relu = Activation<relu>;
using Silu = Activation<silu>;
using Sigmoid = Activation<sigmoid>;
using Tanh = Activation<tanh>;
using Hardswish = Activation<hardswish>;

// x where x > 0, slope · x elsewhere.
class LeakyRelu final : public Layer {
 public:
  struct Options {
    double slope = 0.01;
  };
  LeakyRelu(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  double slope_;
};

// x where x > 0, alpha · (exp(x) - 1) elsewhere (arXiv 1511.07289).
class Elu final : public Layer {
 public:
  struct Options {
    double alpha = 1.0;
  };
  Elu(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  double alpha_;
};

// x · Phi(x), Phi the normal distribution function (arXiv 1606.08415); `approximate: tanh` by a cubic inside tanh.
class Gelu final : public Layer {
 public:
  struct Options {
    std::string approximate = "none";
  };
  Gelu(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  std::string approximate_;
};

}  // namespace rxrun::layers
