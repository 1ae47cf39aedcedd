#include "rxrun/layers/pool.h"

#include <array>

namespace rxrun::layers {
namespace {

Window pooling_window(const Extent& kernel, const std::optional<Extent>& stride, const std::optional<Extent>& padding) {
  const Window window = {kernel, stride.value_or(kernel), padding ? *padding : same_padding(kernel, {1, 1}), {1, 1}};
  if (2 * window.padding.height > kernel.height || 2 * window.padding.width > kernel.width) {
    throw LayerError("`padding` " + to_string(window.padding) + " is more than half of the kernel " +
                     to_string(kernel) + ": some windows would hold nothing but padding");
  }
  return window;
}

std::array<std::int64_t, 2> sizes(const Extent& extent) { return {extent.height, extent.width}; }

}  // namespace

MaxPool::MaxPool(const Options& options, const Shape& input)
    : Layer(input),
      window_(pooling_window(options.kernel, options.stride, options.padding)),
      ceil_mode_(options.ceil_mode) {
  const Extent out = window_output(image_shape(input), window_, ceil_mode_);
  set_output_shape({input[0], out.height, out.width});
}

torch::Tensor MaxPool::forward(const torch::Tensor& x) {
  return at::max_pool2d(x, sizes(window_.kernel), sizes(window_.stride), sizes(window_.padding),
                        sizes(window_.dilation), ceil_mode_);
}

AveragePool::AveragePool(const Options& options, const Shape& input)
    : Layer(input),
      window_(pooling_window(options.kernel, options.stride, options.padding)),
      ceil_mode_(options.ceil_mode),
      count_padding_(options.count_padding) {
  const Extent out = window_output(image_shape(input), window_, ceil_mode_);
  set_output_shape({input[0], out.height, out.width});
}

torch::Tensor AveragePool::forward(const torch::Tensor& x) {
  return at::avg_pool2d(x, sizes(window_.kernel), sizes(window_.stride), sizes(window_.padding), ceil_mode_,
                        count_padding_);
}

}  // namespace rxrun::layers
