#include "rxrun/layers/batch_norm.h"

#include "normalize.h"

namespace rxrun::layers {

BatchNorm::BatchNorm(const Options& options, const Shape& input)
    : Layer(input), epsilon_(options.epsilon), momentum_(options.momentum) {
  if (input.empty()) throw LayerError("it takes an image or features");
  const Shape channels = {input[0]};
  parameter("weight", weight_, channels, constant(options.initial_weight));
  parameter("bias", bias_, channels, constant(0.0));
  buffer("running_mean", running_mean_, channels, constant(0.0));
  buffer("running_var", running_var_, channels, constant(1.0));
  buffer("num_batches_tracked", num_batches_tracked_, {}, constant(0.0), torch::kLong);
}

void BatchNorm::count_batch(const torch::Tensor& x) {
  if (!training()) return;
  if (x.numel() / input_shape()[0] <= 1) {
    throw LayerError("batch norm cannot train on a batch of one value per channel (batch " + std::to_string(x.size(0)) +
                     ", " + to_string(input_shape()) + "): use a larger batch or a larger image");
  }
  num_batches_tracked_.add_(1);
}

torch::Tensor BatchNorm::forward(const torch::Tensor& x) {
  count_batch(x);
  return normalize(x, {weight_, bias_, running_mean_, running_var_, training(), momentum_, epsilon_});
}

Rectified BatchNorm::rectify(const torch::Tensor& x) {
  count_batch(x);
  return normalize_relu(x, {weight_, bias_, running_mean_, running_var_, training(), momentum_, epsilon_});
}

torch::Tensor BatchNorm::forward_add_relu(const torch::Tensor& x, const torch::Tensor& residual) {
  count_batch(x);
  return normalize_add_relu(x, {weight_, bias_, running_mean_, running_var_, training(), momentum_, epsilon_},
                            residual);
}

BatchNorm::Line BatchNorm::evaluation() const {
  const torch::Tensor scale = weight_.to(at::kDouble) / (running_var_.to(at::kDouble) + epsilon_).sqrt();
  return {scale, bias_ - running_mean_ * scale};
}

}  // namespace rxrun::layers
