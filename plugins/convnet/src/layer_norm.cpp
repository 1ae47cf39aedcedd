#include "rxrun/layers/layer_norm.h"

#include "rxrun/layers/shapes.h"

namespace rxrun::layers {

LayerNorm::LayerNorm(const Options& options, const Shape& input)
    : Layer(input), each_pixel_(options.over == "channels"), epsilon_(options.epsilon) {
  if (options.over != "sample" && options.over != "channels") {
    throw LayerError("`over` is \"" + options.over + "\": it must be sample or channels");
  }
  if (each_pixel_ && input.size() != 1) image_shape(input);
  normalized_ = each_pixel_ ? Shape{input.at(0)} : input;
  parameter("weight", weight_, normalized_, constant(1.0));
  parameter("bias", bias_, normalized_, constant(0.0));
}

torch::Tensor LayerNorm::forward(const torch::Tensor& x) {
  // Under autocast x may be bfloat16, which LibTorch 1.13 does not mix with float parameters.
  const torch::Tensor weight = weight_.to(x.scalar_type()), bias = bias_.to(x.scalar_type());
  const bool channels_last = x.dim() == 4 && x.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  if (x.dim() == 2 || (!each_pixel_ && !channels_last)) return at::layer_norm(x, normalized_, weight, bias, epsilon_);
  // With the channels as the last dimension, a pixel's lie together, and images laid out so are not copied.
  const torch::Tensor pixels = x.permute({0, 2, 3, 1});
  if (each_pixel_) return at::layer_norm(pixels, normalized_, weight, bias, epsilon_).permute({0, 3, 1, 2});
  const Shape last = {normalized_[1], normalized_[2], normalized_[0]};
  return at::layer_norm(pixels, last, weight.permute({1, 2, 0}).contiguous(), bias.permute({1, 2, 0}).contiguous(),
                        epsilon_)
      .permute({0, 3, 1, 2});
}

}  // namespace rxrun::layers
