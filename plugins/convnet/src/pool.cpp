#include "rxrun/layers/pool.h"

#include <torch/csrc/autograd/custom_function.h>

#include <array>

#include "kernel_tensors.h"
#include "kernels/max_pool.h"
#include "rxrun/parallel.h"

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

using kernels::MaxPooling;
using kernels::MaxPoolKernels;

const MaxPoolKernels& kernels_here() {
  static const MaxPoolKernels& chosen = kernels::max_pool_kernels(kernels::best_instruction_set());
  return chosen;
}

MaxPooling pooling_of(const torch::Tensor& x, const Window& window, const Shape& output) {
  return {.batch = x.size(0),
          .channels = x.size(1),
          .height = x.size(2),
          .width = x.size(3),
          .out_height = output[1],
          .out_width = output[2],
          .kernel_height = window.kernel.height,
          .kernel_width = window.kernel.width,
          .stride_height = window.stride.height,
          .stride_width = window.stride.width,
          .padding_height = window.padding.height,
          .padding_width = window.padding.width,
          .type = number_type(x)};
}

torch::Tensor forward_by_kernels(const MaxPooling& p, const torch::Tensor& x, std::uint8_t* places) {
  torch::Tensor y = empty_image({p.batch, p.channels, p.out_height, p.out_width}, x.scalar_type());
  parallel_for(p.batch * p.out_height, [&](std::int64_t first, std::int64_t last) {
    kernels_here().forward(p, x.data_ptr(), y.data_ptr(), places, first, last);
  });
  return y;
}

class MaxPoolFunction : public torch::autograd::Function<MaxPoolFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const MaxPooling* pooling) {
    const MaxPooling p = *pooling;
    const torch::Tensor places =
        at::empty({p.batch, p.out_height, p.out_width, p.channels}, at::TensorOptions(at::kByte));
    context->save_for_backward({places});
    context->saved_data["type"] = x.scalar_type();
    context->saved_data["pooling"] = std::vector<std::int64_t>{
        p.batch,         p.channels,     p.height,        p.width,        p.out_height,     p.out_width,
        p.kernel_height, p.kernel_width, p.stride_height, p.stride_width, p.padding_height, p.padding_width};
    return forward_by_kernels(p, x, places.data_ptr<std::uint8_t>());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "the max pooling's gradient cannot be differentiated again");
    const torch::Tensor places = context->get_saved_variables()[0];
    const torch::ScalarType type = context->saved_data["type"].toScalarType();
    const std::vector<std::int64_t> n = context->saved_data["pooling"].toIntVector();
    const torch::Tensor dy = like_output(gradients[0], type);
    const MaxPooling p = {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], number_type(dy)};
    torch::Tensor dx = empty_image({p.batch, p.channels, p.height, p.width}, type);
    parallel_for(p.batch * p.height, [&](std::int64_t first, std::int64_t last) {
      kernels_here().input_gradient(p, dy.data_ptr(), places.data_ptr<std::uint8_t>(), dx.data_ptr(), first, last);
    });
    return {dx, torch::Tensor()};
  }
};

}  // namespace

MaxPool::MaxPool(const Options& options, const Shape& input)
    : Layer(input),
      window_(pooling_window(options.kernel, options.stride, options.padding)),
      ceil_mode_(options.ceil_mode) {
  const Extent out = window_output(image_shape(input), window_, ceil_mode_);
  set_output_shape({input[0], out.height, out.width});
}

torch::Tensor MaxPool::forward(const torch::Tensor& x) {
  if (kernels_here().instruction_set != kernels::InstructionSet::portable && is_kernel_image(x)) {
    const MaxPooling pooling = pooling_of(x, window_, output_shape());
    if (kernels_here().takes(pooling)) {
      if (at::GradMode::is_enabled() && x.requires_grad()) return MaxPoolFunction::apply(x, &pooling);
      return forward_by_kernels(pooling, x, /*places=*/nullptr);
    }
  }
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
