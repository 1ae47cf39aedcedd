#include "rxrun/layers/squeeze_excitation.h"

namespace rxrun::layers {

SqueezeExcitation::SqueezeExcitation(const Options& options, const Shape& input) : Layer(input) {
  const std::int64_t channels = image_shape(input).channels;
  if (options.reduction < 1 || options.reduction > channels) {
    throw LayerError("squeeze-and-excitation's reduction " + std::to_string(options.reduction) + " leaves none of " +
                     std::to_string(channels) + " channels: it must be from 1 to " + std::to_string(channels));
  }
  Conv::Options conv;
  conv.kernel = {1, 1};
  conv.bias = true;
  conv.channels = channels / options.reduction;
  fc1_ = &child("fc1", "Conv2d", std::make_unique<Conv>(conv, Shape{channels, 1, 1}));
  conv.channels = channels;
  fc2_ = &child("fc2", "Conv2d", std::make_unique<Conv>(conv, fc1_->output_shape()));
}

torch::Tensor SqueezeExcitation::forward(const torch::Tensor& x) {
  const torch::Tensor mean = at::adaptive_avg_pool2d(x, {1, 1});
  return x * fc2_->forward(fc1_->forward(mean).relu_()).sigmoid();
}

}  // namespace rxrun::layers
