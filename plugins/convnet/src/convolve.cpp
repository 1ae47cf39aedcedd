#include "convolve.h"

#include <torch/csrc/autograd/custom_function.h>

#include <array>
#include <tuple>

#include "kernel_tensors.h"
#include "kernels/grouped_convolution.h"
#include "normalize.h"
#include "pointwise.h"
#include "round_once.h"
#include "rxrun/parallel.h"

namespace rxrun::layers {
namespace {

using kernels::GroupedConvolution;
using kernels::GroupedConvolutionKernels;
using torch::Tensor;

const GroupedConvolutionKernels& kernels_here() {
  static const GroupedConvolutionKernels& chosen =
      kernels::grouped_convolution_kernels(kernels::best_instruction_set());
  return chosen;
}

kernels::WeightStrides strides_of(const Tensor& weight) {
  return {weight.stride(0), weight.stride(1), weight.stride(2), weight.stride(3)};
}

// The shape as the kernels know it; without value where theirs is another convolution.
std::optional<GroupedConvolution> shape_of(const Tensor& x, const Tensor& weight, const Window& window,
                                           std::int64_t groups) {
  if (weight.size(0) != x.size(1) || window.stride.height != window.stride.width || window.dilation != Extent{1, 1})
    return std::nullopt;
  GroupedConvolution shape;
  shape.batch = x.size(0);
  shape.channels = x.size(1);
  shape.group_channels = x.size(1) / groups;
  shape.height = x.size(2);
  shape.width = x.size(3);
  shape.kernel_height = weight.size(2);
  shape.kernel_width = weight.size(3);
  shape.stride = window.stride.height;
  shape.padding_height = window.padding.height;
  shape.padding_width = window.padding.width;
  shape.out_height = (shape.height + 2 * shape.padding_height - shape.kernel_height) / shape.stride + 1;
  shape.out_width = (shape.width + 2 * shape.padding_width - shape.kernel_width) / shape.stride + 1;
  if (!kernels_here().takes(shape)) return std::nullopt;
  return shape;
}

// The parts of the work for which the kernels are faster than LibTorch's, as tests/benchmark/grouped_convolution.cpp
// measures it (AVX-512, LibTorch 1.13). LibTorch's products of matrices come into their own with eight channels a
// group, twice as fast in bfloat16, but for the weight's gradient; and it has kernels of its own for one channel a
// group. Without oneDNN's bfloat16 LibTorch's are both slow and rounded too often.
struct Faster {
  bool forward, input_gradient, weight_gradient;
  bool any() const { return forward || input_gradient || weight_gradient; }
};
Faster faster_parts(const GroupedConvolution& shape, torch::ScalarType type) {
  const std::int64_t group = shape.group_channels;
  const bool few = group == 2 || group == 4;
  if (type == at::kFloat) return {few || group == 8, few || (group == 8 && shape.stride == 1), few || group == 8};
  if (!onednn::has_bfloat16()) return {true, true, true};
  const bool small_image = shape.out_height * shape.out_width <= 16;
  return {few, few, few || group == 8 || (group == 16 && small_image)};
}

bool is_taken(const Tensor& x, const Tensor& weight, const Tensor& bias, const Window& window, std::int64_t groups) {
  if (bias.defined() || kernels_here().instruction_set == kernels::InstructionSet::portable) return false;
  if (!is_kernel_image(x) || !is_float32_on_cpu(weight) || (autocast_on_cpu() && x.scalar_type() == at::kFloat))
    return false;
  const auto shape = shape_of(x, weight, window, groups);
  return shape && faster_parts(*shape, x.scalar_type()).any();
}

// LibTorch's own numbers of a window.
struct Numbers {
  explicit Numbers(const Window& window)
      : stride{window.stride.height, window.stride.width},
        padding{window.padding.height, window.padding.width},
        dilation{window.dilation.height, window.dilation.width} {}
  std::array<std::int64_t, 2> stride, padding, dilation;
};

// What oneDNN 2, which LibTorch asks, computes wrongly of a weight's gradient (tests/layers/conv_test.cpp draws
// convolutions at every instruction set). That of a strided 1×1 convolution of fewer channels than a vector has is
// wrong with AVX2 and is written beyond its memory with AVX2 and AVX-512;
bool overwrites(const Tensor& x, const Window& window, std::int64_t groups) {
  constexpr std::int64_t vector = 16;
  return x.device().is_cpu() && window.kernel == Extent{1, 1} && window.padding == Extent{0, 0} &&
         window.stride != Extent{1, 1} && x.size(1) / groups < vector;
}
// and that in bfloat16 is not set at all where the output is one pixel wide, the stride more, and the window reaches
// over the image on the right, or has one column and one channel.
bool leaves_unset(const Tensor& x, const Window& window) {
  const std::int64_t reach = window.dilation.width * (window.kernel.width - 1) + 1;
  return window.stride.width > 1 && window_output({x.size(1), x.size(2), x.size(3)}, window).width == 1 &&
         (reach > x.size(3) + window.padding.width || (window.kernel.width == 1 && x.size(1) == 1));
}

Tensor by_libtorch(const Tensor& x, const Tensor& weight, const Tensor& bias, const Window& window,
                   std::int64_t groups) {
  if (overwrites(x, window, groups)) {
    Window dense = window;
    dense.stride = {1, 1};
    const Tensor pixels = thinned(x, window.stride).contiguous(x.suggest_memory_format());
    return by_libtorch(pixels, weight, bias, dense, groups);
  }
  const Numbers numbers(window);
  const auto convolve = [&](const Tensor& image) {
    return at::conv2d(image, weight, bias, at::IntArrayRef(numbers.stride), at::IntArrayRef(numbers.padding),
                      at::IntArrayRef(numbers.dilation), groups);
  };
  return round_once(x, convolve, !leaves_unset(x, window));
}

class GroupedConvolutionFunction : public torch::autograd::Function<GroupedConvolutionFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const c10::optional<Tensor>& source, const c10::optional<Tensor>& statistics,
                        std::int64_t stride, std::int64_t padding_height, std::int64_t padding_width) {
    context->save_for_backward(
        {source ? Tensor() : x, weight, source.value_or(Tensor()), statistics.value_or(Tensor())});
    context->saved_data["window"] = std::vector<std::int64_t>{stride, padding_height, padding_width};
    const Window around = window(context);
    const std::int64_t groups = x.size(1) / weight.size(1);
    const GroupedConvolution shape = *shape_of(x, weight, around, groups);
    if (!faster_parts(shape, x.scalar_type()).forward)
      return by_libtorch(x, weight.to(x.scalar_type()), {}, around, groups);
    Tensor y = empty_image({shape.batch, shape.channels, shape.out_height, shape.out_width}, x.scalar_type());
    parallel_for(kernels_here().tasks(shape), [&](std::int64_t first, std::int64_t last) {
      kernels_here().forward(shape, number_type(x), x.data_ptr(), weight.data_ptr<float>(), strides_of(weight),
                             y.data_ptr(), first, last);
    });
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "the grouped convolution's gradient cannot be differentiated again");
    const auto saved = context->get_saved_variables();
    const Tensor x = saved[0].defined() ? saved[0] : rectify_again(saved[2], saved[3]);
    const Tensor& weight = saved[1];
    const std::int64_t groups = x.size(1) / weight.size(1);
    const GroupedConvolution shape = *shape_of(x, weight, window(context), groups);
    const Faster faster = faster_parts(shape, x.scalar_type());
    const Tensor dy = like_output(gradients[0], x.scalar_type());
    const bool of_x = context->needs_input_grad(0), of_weight = context->needs_input_grad(1);
    Tensor dx, dw;
    if ((of_x && !faster.input_gradient) || (of_weight && !faster.weight_gradient)) {
      const Numbers numbers(window(context));
      std::tie(dx, dw, std::ignore) =
          at::convolution_backward(dy, x, weight.to(x.scalar_type()), c10::nullopt, numbers.stride, numbers.padding,
                                   numbers.dilation, /*transposed=*/false, {0, 0}, groups,
                                   {of_x && !faster.input_gradient, of_weight && !faster.weight_gradient, false});
      if (dw.defined()) dw = dw.to(at::kFloat);
    }
    if (of_x && faster.input_gradient) dx = input_gradient(shape, dy, weight);
    if (of_weight && faster.weight_gradient) dw = weight_gradient(shape, x, dy, weight);
    return {dx, dw, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }

 private:
  static Window window(torch::autograd::AutogradContext* context) {
    const std::vector<std::int64_t> numbers = context->saved_data["window"].toIntVector();
    Window window;
    window.stride = {numbers[0], numbers[0]};
    window.padding = {numbers[1], numbers[2]};
    window.dilation = {1, 1};
    return window;
  }

  static Tensor input_gradient(const GroupedConvolution& shape, const Tensor& dy, const Tensor& weight) {
    Tensor dx = empty_image({shape.batch, shape.channels, shape.height, shape.width}, dy.scalar_type());
    parallel_for(kernels_here().tasks(shape), [&](std::int64_t first, std::int64_t last) {
      kernels_here().input_gradient(shape, number_type(dy), dy.data_ptr(), weight.data_ptr<float>(), strides_of(weight),
                                    dx.data_ptr(), first, last);
    });
    return dx;
  }

  static Tensor weight_gradient(const GroupedConvolution& shape, const Tensor& x, const Tensor& dy,
                                const Tensor& weight) {
    Tensor dw = at::empty_like(weight);
    const Tensor partial = at::empty({kernels_here().partial_size(shape)}, weight.options());
    parallel_for(kernels_here().partial_tasks(shape), [&](std::int64_t first, std::int64_t last) {
      kernels_here().partial_weight_gradient(shape, number_type(x), x.data_ptr(), dy.data_ptr(),
                                             partial.data_ptr<float>(), first, last);
    });
    parallel_for(kernels_here().sum_tasks(shape), [&](std::int64_t first, std::int64_t last) {
      kernels_here().sum_weight_gradient(shape, partial.data_ptr<float>(), dw.data_ptr<float>(), strides_of(dw), first,
                                         last);
    });
    return dw;
  }
};

}  // namespace

torch::Tensor convolve(const Rectified& x, const Tensor& weight, const Tensor& bias, const Window& window,
                       std::int64_t groups) {
  if (is_pointwise(x.y, weight, bias, window, groups)) return convolve_pointwise(x, weight, window);
  if (!is_taken(x.y, weight, bias, window, groups)) return by_libtorch(x.y, weight, bias, window, groups);
  return GroupedConvolutionFunction::apply(x.y, weight, as_optional(x.x), as_optional(x.statistics),
                                           window.stride.height, window.padding.height, window.padding.width);
}

}  // namespace rxrun::layers
