#include "normalize.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "kernel_tensors.h"
#include "kernels/batch_norm.h"
#include "rxrun/parallel.h"

namespace rxrun::layers {
namespace {

using kernels::BatchNormKernels;
using kernels::NormalizedTensor;
using torch::Tensor;

const BatchNormKernels& kernels_here() {
  static const BatchNormKernels& chosen = kernels::batch_norm_kernels(kernels::best_instruction_set());
  return chosen;
}

NormalizedTensor view(const Tensor& x) { return {x.numel() / x.size(1), x.size(1), number_type(x)}; }

template <typename Work>
void in_parallel(const NormalizedTensor& tensor, const Work& work) {
  parallel_for(kernels_here().tasks(tensor), work);
}

// Rows of a float32 tensor {rows, channels}.
Tensor rows_of_channels(std::int64_t rows, std::int64_t channels) {
  return at::empty({rows, channels}, at::TensorOptions(at::kFloat));
}
float* row(const Tensor& rows, std::int64_t number) { return rows.data_ptr<float>() + number * rows.size(1); }

// What is kept of the forward pass for each channel.
enum Kept : std::int64_t { kMean, kInverse, kScale, kShift, kKept };  // inverse: 1 / sqrt(variance + epsilon)

// Two sums a channel over all pixels, in float64.
struct Sums {
  explicit Sums(const NormalizedTensor& tensor)
      : parts(at::empty({kernels_here().sums_size(tensor)}, at::TensorOptions(at::kDouble))),
        totals(at::empty({2, tensor.channels}, at::TensorOptions(at::kDouble))) {}
  void add_up(const NormalizedTensor& tensor) {
    kernels_here().total(tensor, parts.data_ptr<double>(), first(), second(tensor));
  }
  double* first() const { return totals.data_ptr<double>(); }
  double* second(const NormalizedTensor& tensor) const { return first() + tensor.channels; }
  Tensor parts, totals;
};

// Mean and variance of the batch into `kept` (the variance in the place of its inverse), and towards the running ones.
void measure(const NormalizedTensor& tensor, const Tensor& x, const Normalization& n, const Tensor& kept) {
  float* const mean = row(kept, kMean);
  float* const variance = row(kept, kInverse);
  const Tensor origin = rows_of_channels(1, tensor.channels);
  float* const from = origin.data_ptr<float>();
  kernels_here().origin(tensor, x.data_ptr(), from);
  Sums sums(tensor);
  in_parallel(tensor, [&](std::int64_t first, std::int64_t last) {
    kernels_here().sum(tensor, x.data_ptr(), from, sums.parts.data_ptr<double>(), first, last);
  });
  sums.add_up(tensor);
  const auto count = static_cast<double>(tensor.pixels);
  float* const running_mean = n.running_mean.data_ptr<float>();
  float* const running_var = n.running_var.data_ptr<float>();
  for (std::int64_t c = 0; c < tensor.channels; ++c) {
    const double apart = sums.first()[c] / count;
    const double spread = std::max(sums.second(tensor)[c] / count - apart * apart, 0.0);
    mean[c] = static_cast<float>(from[c] + apart);
    variance[c] = static_cast<float>(spread);
    running_mean[c] = static_cast<float>(n.momentum * (from[c] + apart) + (1.0 - n.momentum) * running_mean[c]);
    running_var[c] =
        static_cast<float>(n.momentum * spread * count / (count - 1.0) + (1.0 - n.momentum) * running_var[c]);
  }
  // Written past LibTorch, which counts a tensor's changes.
  n.running_mean.unsafeGetTensorImpl()->bump_version();
  n.running_var.unsafeGetTensorImpl()->bump_version();
}

// Mean, inverse deviation, scale and shift of each channel.
Tensor prepare(const NormalizedTensor& tensor, const Tensor& x, const Normalization& n) {
  const Tensor kept = rows_of_channels(kKept, tensor.channels);
  if (n.training) measure(tensor, x, n, kept);
  const float* const running_mean = n.running_mean.data_ptr<float>();
  const float* const running_var = n.running_var.data_ptr<float>();
  const float* const weight = n.weight.data_ptr<float>();
  const float* const bias = n.bias.data_ptr<float>();
  for (std::int64_t c = 0; c < tensor.channels; ++c) {
    if (!n.training) row(kept, kMean)[c] = running_mean[c];
    const double variance = n.training ? row(kept, kInverse)[c] : running_var[c];
    const double inverse = 1.0 / std::sqrt(variance + n.epsilon);
    row(kept, kInverse)[c] = static_cast<float>(inverse);
    row(kept, kScale)[c] = static_cast<float>(weight[c] * inverse);
    row(kept, kShift)[c] = static_cast<float>(bias[c] - row(kept, kMean)[c] * weight[c] * inverse);
  }
  return kept;
}

// scale · x + shift, with `residual` added where it is not null, and ReLU.
Tensor apply_line(const Tensor& x, const Tensor& kept, const void* residual, bool relu) {
  const NormalizedTensor tensor = view(x);
  Tensor y = empty_image(x.sizes(), x.scalar_type());
  in_parallel(tensor, [&](std::int64_t first, std::int64_t last) {
    kernels_here().normalize(tensor, x.data_ptr(), row(kept, kScale), row(kept, kShift), residual, relu, y.data_ptr(),
                             first, last);
  });
  return y;
}

// Batch norm, and a ReLU or an addition and a ReLU.
class NormalizeFunction : public torch::autograd::Function<NormalizeFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const Tensor& bias, const c10::optional<Tensor>& residual, const Tensor& kept, bool training,
                        bool relu) {
    static_cast<void>(bias);  // named for the backward pass, which gives its gradient
    Tensor y = apply_line(x, kept, residual ? residual->data_ptr() : nullptr, relu);
    context->saved_data["training"] = training;
    context->saved_data["relu"] = relu;
    context->save_for_backward({x, weight, kept, residual ? y : Tensor()});
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "the fused batch norm's gradient cannot be differentiated again");
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &kept = saved[2], &y = saved[3];
    const NormalizedTensor tensor = view(x);
    const Tensor dy = like_output(gradients[0], x.scalar_type());
    const bool training = context->saved_data["training"].toBool(), relu = context->saved_data["relu"].toBool();

    BatchNormKernels::Gradient gradient{};
    gradient.mask = y.defined() ? kernels::Mask::by_output : relu ? kernels::Mask::by_input : kernels::Mask::none;
    gradient.y_gradient = dy.data_ptr();
    gradient.x = x.data_ptr();
    gradient.y = y.defined() ? y.data_ptr() : nullptr;
    gradient.scale = row(kept, kScale);
    gradient.shift = row(kept, kShift);
    gradient.mean = row(kept, kMean);
    const Tensor masked = y.defined() ? empty_image(x.sizes(), x.scalar_type()) : Tensor();
    Sums sums(tensor);
    in_parallel(tensor, [&](std::int64_t first, std::int64_t last) {
      kernels_here().sum_gradients(tensor, gradient, masked.defined() ? masked.data_ptr() : nullptr,
                                   sums.parts.data_ptr<double>(), first, last);
    });
    sums.add_up(tensor);
    if (masked.defined()) {
      gradient.mask = kernels::Mask::none;
      gradient.y_gradient = masked.data_ptr();
    }

    const Tensor weight_gradients = rows_of_channels(2, tensor.channels);
    const Tensor factors = rows_of_channels(3, tensor.channels);
    fill_gradients(tensor, sums, kept, weight, training, weight_gradients, factors);
    Tensor dx;
    if (context->needs_input_grad(0)) {
      dx = empty_image(x.sizes(), x.scalar_type());
      in_parallel(tensor, [&](std::int64_t first, std::int64_t last) {
        kernels_here().input_gradient(tensor, gradient, row(factors, 0), row(factors, 1), row(factors, 2),
                                      dx.data_ptr(), first, last);
      });
    }
    return {dx, weight_gradients[0], weight_gradients[1], masked, Tensor(), Tensor(), Tensor()};
  }

 private:
  // dx = weight · inverse · (g - mean(g) - x̂ · mean(g · x̂)), x̂ = (x - mean) · inverse; without the means in evaluation.
  static void fill_gradients(const NormalizedTensor& tensor, const Sums& sums, const Tensor& kept, const Tensor& weight,
                             bool training, const Tensor& weight_gradients, const Tensor& factors) {
    const auto count = static_cast<double>(tensor.pixels);
    for (std::int64_t c = 0; c < tensor.channels; ++c) {
      const double inverse = row(kept, kInverse)[c], scale = weight.data_ptr<float>()[c] * inverse;
      const double g = sums.first()[c], g_x = sums.second(tensor)[c];
      row(weight_gradients, 0)[c] = static_cast<float>(g_x * inverse);
      row(weight_gradients, 1)[c] = static_cast<float>(g);
      row(factors, 0)[c] = static_cast<float>(scale);
      row(factors, 1)[c] = training ? static_cast<float>(-scale * inverse * inverse * g_x / count) : 0.0f;
      row(factors, 2)[c] = training ? static_cast<float>(-scale * g / count) : 0.0f;
    }
  }
};

bool is_taken(const Tensor& x, const Normalization& n) {
  if (kernels_here().instruction_set == kernels::InstructionSet::portable || !is_kernel_image(x)) return false;
  for (const Tensor* tensor : {&n.weight, &n.bias, &n.running_mean, &n.running_var}) {
    if (!is_float32_on_cpu(*tensor) || !tensor->is_contiguous() || tensor->numel() != x.size(1)) return false;
  }
  return kernels_here().takes(view(x));
}

Tensor by_libtorch(const Tensor& x, const Normalization& n) {
  return at::batch_norm(x, n.weight, n.bias, n.running_mean, n.running_var, n.training, n.momentum, n.epsilon,
                        /*cudnn_enabled=*/true);
}

}  // namespace

torch::Tensor normalize(const Tensor& x, const Normalization& n) {
  if (!is_taken(x, n)) return by_libtorch(x, n);
  return NormalizeFunction::apply(x, n.weight, n.bias, c10::optional<Tensor>(), prepare(view(x), x, n), n.training,
                                  /*relu=*/false);
}

Rectified normalize_relu(const Tensor& x, const Normalization& n) {
  if (!is_taken(x, n)) return {by_libtorch(x, n).relu_(), {}, {}};
  const Tensor kept = prepare(view(x), x, n);
  return {NormalizeFunction::apply(x, n.weight, n.bias, c10::optional<Tensor>(), kept, n.training, /*relu=*/true),
          x.detach(), kept};
}

torch::Tensor rectify_again(const Tensor& x, const Tensor& statistics) {
  return apply_line(x, statistics, /*residual=*/nullptr, /*relu=*/true);
}

torch::Tensor normalize_add_relu(const Tensor& x, const Normalization& n, const Tensor& residual) {
  if (is_taken(x, n) && is_kernel_image(residual) && residual.scalar_type() == x.scalar_type() &&
      residual.sizes() == x.sizes()) {
    return NormalizeFunction::apply(x, n.weight, n.bias, c10::optional<Tensor>(residual), prepare(view(x), x, n),
                                    n.training, /*relu=*/true);
  }
  // In place where the backward pass needs no value that is overwritten: batch norm keeps its input, ReLU its output.
  return by_libtorch(x, n).add_(residual).relu_();
}

}  // namespace rxrun::layers
