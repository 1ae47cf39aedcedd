#include "rxrun/layers/activations.h"

namespace rxrun::layers {

torch::Tensor relu(const torch::Tensor& x) { return at::relu(x); }
torch::Tensor silu(const torch::Tensor& x) { return at::silu(x); }
torch::Tensor sigmoid(const torch::Tensor& x) { return at::sigmoid(x); }
torch::Tensor tanh(const torch::Tensor& x) { return at::tanh(x); }
torch::Tensor hardswish(const torch::Tensor& x) { return at::hardswish(x); }

LeakyRelu::LeakyRelu(const Options& options, const Shape& input) : Layer(input), slope_(options.slope) {}
torch::Tensor LeakyRelu::forward(const torch::Tensor& x) { return at::leaky_relu(x, slope_); }

Elu::Elu(const Options& options, const Shape& input) : Layer(input), alpha_(options.alpha) {}
torch::Tensor Elu::forward(const torch::Tensor& x) { return at::elu(x, alpha_); }

Gelu::Gelu(const Options& options, const Shape& input) : Layer(input), approximate_(options.approximate) {
  if (approximate_ != "none" && approximate_ != "tanh") {
    throw LayerError("`approximate` is \"" + approximate_ + "\": it must be none or tanh");
  }
}
torch::Tensor Gelu::forward(const torch::Tensor& x) { return at::gelu(x, approximate_); }

}  // namespace rxrun::layers
