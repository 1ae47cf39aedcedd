#include "rxrun/layers/conv.h"

#include "convolve.h"
#include "pointwise.h"

namespace rxrun::layers {
namespace {

void check_channels(const Conv::Options& options, std::int64_t channels_in) {
  if (options.channels < 1)
    throw LayerError("`channels` is " + std::to_string(options.channels) + ": it must be at least 1");
  if (options.groups < 1) throw LayerError("`groups` is " + std::to_string(options.groups) + ": it must be at least 1");
  if (channels_in % options.groups != 0 || options.channels % options.groups != 0) {
    throw LayerError("`groups` " + std::to_string(options.groups) + " must divide the input channels (" +
                     std::to_string(channels_in) + ") and the output channels (" + std::to_string(options.channels) +
                     ")");
  }
}

}  // namespace

Conv::Conv(const Options& options, const Shape& input)
    : Layer(input),
      window_{options.kernel, options.stride, options.padding.value_or(Extent{0, 0}), options.dilation},
      groups_(options.groups) {
  const ImageShape in = image_shape(input);
  check_channels(options, in.channels);
  if (!options.padding) window_.padding = same_padding(options.kernel, options.dilation);
  const Extent out = window_output(in, window_);
  const std::int64_t group_channels = in.channels / groups_;
  const std::int64_t area = product({options.kernel.height, options.kernel.width});

  set_output_shape({options.channels, out.height, out.width});
  set_multiply_adds(product({options.channels, out.height, out.width, group_channels, area}));
  parameter("weight", weight_, {options.channels, group_channels, options.kernel.height, options.kernel.width},
            kaiming_normal(product({options.channels, area})));
  if (options.bias) parameter("bias", bias_, {options.channels}, fan_in_uniform(product({group_channels, area})));
}

torch::Tensor Conv::forward(const torch::Tensor& x) { return forward(Rectified{x, {}, {}}); }

torch::Tensor Conv::forward(const Rectified& x) { return convolve(x, weight_, bias_, window_, groups_); }

std::pair<torch::Tensor, torch::Tensor> Conv::forward_and_pass(const torch::Tensor& x) {
  if (x.requires_grad() && is_pointwise(x, weight_, bias_, window_, groups_))
    return convolve_pointwise_and_pass(x, weight_, window_);
  return {forward(x), x};
}

}  // namespace rxrun::layers
