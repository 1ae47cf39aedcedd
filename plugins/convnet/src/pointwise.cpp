#include "pointwise.h"

#include <torch/csrc/autograd/custom_function.h>

#include "kernel_tensors.h"
#include "normalize.h"
#include "onednn.h"

namespace rxrun::layers {
namespace {

using onednn::Matrix;
using torch::Tensor;

// pixels × channels of an image in channels-last memory, and its transpose.
Matrix pixels(const Tensor& x) { return {x.data_ptr(), x.scalar_type(), x.numel() / x.size(1), x.size(1)}; }
Matrix pixels_transposed(const Tensor& x) {
  return {x.data_ptr(), x.scalar_type(), x.size(1), x.numel() / x.size(1), /*transposed=*/true};
}
// out × in channels, and its transpose.
Matrix channels(const Tensor& weight) {
  return {weight.data_ptr(), weight.scalar_type(), weight.size(0), weight.size(1)};
}
Matrix channels_transposed(const Tensor& weight) {
  return {weight.data_ptr(), weight.scalar_type(), weight.size(1), weight.size(0), /*transposed=*/true};
}

// y, and with `pass` x too.
class PointwiseFunction : public torch::autograd::Function<PointwiseFunction> {
 public:
  // `source` and `statistics`: what a whole image is made of.
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const Tensor& image,
                                                const Tensor& weight, const c10::optional<Tensor>& source,
                                                const c10::optional<Tensor>& statistics, std::int64_t stride_height,
                                                std::int64_t stride_width, bool pass) {
    const Tensor x = thinned(image, {stride_height, stride_width}).contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor w = weight.to(x.scalar_type());
    context->save_for_backward({source ? Tensor() : x, w, source.value_or(Tensor()), statistics.value_or(Tensor())});
    context->saved_data["image"] = image.sizes().vec();
    context->saved_data["stride"] = std::vector<std::int64_t>{stride_height, stride_width};
    context->set_materialize_grads(false);
    Tensor y = empty_image({x.size(0), w.size(0), x.size(2), x.size(3)}, x.scalar_type());
    onednn::multiply(pixels(x), channels_transposed(w), pixels(y));
    return pass ? torch::autograd::variable_list{y, image} : torch::autograd::variable_list{y};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "the 1x1 convolution's gradient cannot be differentiated again");
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &w = saved[1], &source = saved[2], &statistics = saved[3];
    const Tensor passed = gradients.size() > 1 ? gradients[1] : Tensor();
    if (!gradients[0].defined()) return {passed, Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
    const Tensor dy = like_output(gradients[0], w.scalar_type());
    Tensor dx, dw;
    if (context->needs_input_grad(0)) dx = input_gradient(dy, w, passed, context);
    if (context->needs_input_grad(1)) {
      dw = at::empty_like(w, w.options().dtype(at::kFloat));
      const Tensor input = x.defined() ? x : rectify_again(source, statistics);
      onednn::multiply(pixels_transposed(dy), pixels(input), channels(dw));
    }
    return {dx, dw, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }

 private:
  static Tensor input_gradient(const Tensor& dy, const Tensor& w, const Tensor& passed,
                               torch::autograd::AutogradContext* context) {
    Tensor thin = empty_image({dy.size(0), w.size(1), dy.size(2), dy.size(3)}, dy.scalar_type());
    const std::vector<std::int64_t> stride = context->saved_data["stride"].toIntVector();
    const bool whole = stride[0] == 1 && stride[1] == 1;
    if (passed.defined() && whole &&
        onednn::can_multiply(pixels(dy), channels(w), pixels(thin), onednn::Addend::matrix)) {
      onednn::multiply(pixels(dy), channels(w), pixels(thin), like_output(passed, dy.scalar_type()).data_ptr());
      return thin;
    }
    onednn::multiply(pixels(dy), channels(w), pixels(thin));
    Tensor dx = thin;
    if (!whole) {
      dx = empty_image(context->saved_data["image"].toIntVector(), thin.scalar_type()).zero_();
      thinned(dx, {stride[0], stride[1]}).copy_(thin);
    }
    return passed.defined() ? dx.add_(passed) : dx;
  }
};

}  // namespace

bool is_pointwise(const Tensor& x, const Tensor& weight, const Tensor& bias, const Window& window,
                  std::int64_t groups) {
  // Narrower ones have small weights, which are in order soon.
  constexpr std::int64_t narrowest = 64;
  if (bias.defined() || groups != 1 || weight.size(2) != 1 || weight.size(3) != 1 || window.padding != Extent{0, 0} ||
      weight.size(0) < narrowest || weight.size(1) < narrowest || !is_kernel_image(x) || !is_float32_on_cpu(weight) ||
      !weight.is_contiguous() || (autocast_on_cpu() && x.scalar_type() == at::kFloat)) {
    return false;
  }
  const Extent out = window_output({x.size(1), x.size(2), x.size(3)}, window);
  const std::int64_t count = x.size(0) * product({out.height, out.width}), in = weight.size(1), to = weight.size(0);
  const torch::ScalarType type = x.scalar_type();
  const Matrix x_matrix{nullptr, type, count, in}, y_matrix{nullptr, type, count, to}, w_matrix{nullptr, type, to, in};
  return onednn::can_multiply(x_matrix, {nullptr, type, in, to, true}, y_matrix) &&
         onednn::can_multiply(y_matrix, w_matrix, x_matrix) &&
         onednn::can_multiply({nullptr, type, to, count, true}, x_matrix, {nullptr, at::kFloat, to, in});
}

Tensor convolve_pointwise(const Rectified& x, const Tensor& weight, const Window& window) {
  const bool whole = window.stride == Extent{1, 1};
  return PointwiseFunction::apply(x.y, weight, whole ? as_optional(x.x) : c10::nullopt,
                                  whole ? as_optional(x.statistics) : c10::nullopt, window.stride.height,
                                  window.stride.width, false)[0];
}

std::pair<Tensor, Tensor> convolve_pointwise_and_pass(const Tensor& x, const Tensor& weight, const Window& window) {
  const auto both = PointwiseFunction::apply(x, weight, c10::optional<Tensor>(), c10::optional<Tensor>(),
                                             window.stride.height, window.stride.width, true);
  return {both[0], both[1]};
}

}  // namespace rxrun::layers
