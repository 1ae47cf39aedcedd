#include "training/outputs.h"

namespace rxrun {

BatchTensors to_tensors(Batch& batch, const Dataset& dataset, const at::Device& device) {
  const std::int64_t side = dataset.image_size;
  const at::Tensor pixels = at::from_blob(batch.pixels.data(), {batch.size, side, side, dataset.channels}, at::kFloat).permute({0, 3, 1, 2});
  const at::Tensor labels = at::from_blob(batch.labels.data(), {batch.size}, at::kLong);
  return {pixels.to(device), labels.to(device)};
}

void Outputs::add(const Batch& batch, const at::Tensor& logits, const at::Tensor& loss_sum, const at::Tensor& loss_weight) {
  const auto size = static_cast<std::ptrdiff_t>(batch.size);
  predictions_.samples.insert(predictions_.samples.end(), batch.samples.begin(), batch.samples.begin() + size);
  predictions_.labels.insert(predictions_.labels.end(), batch.labels.begin(), batch.labels.begin() + size);
  probabilities_.push_back(at::softmax(logits.detach().to(at::kFloat), 1));
  loss_sums_.push_back(loss_sum.detach().to(at::kDouble));
  loss_weights_.push_back(loss_weight.detach().to(at::kDouble));
}

double Outputs::mean_loss() const {
  if (loss_sums_.empty()) return 0.0;
  return (at::stack(loss_sums_).sum() / at::stack(loss_weights_).sum()).item<double>();
}

Predictions Outputs::gather(std::int64_t classes) && {
  predictions_.classes = classes;
  if (probabilities_.empty()) return std::move(predictions_);
  const at::Tensor all = at::cat(probabilities_).to(at::kCPU).contiguous();
  predictions_.probabilities.assign(all.data_ptr<float>(), all.data_ptr<float>() + all.numel());
  predictions_.loss_sum = at::stack(loss_sums_).sum().item<double>();
  predictions_.loss_weight = at::stack(loss_weights_).sum().item<double>();
  return std::move(predictions_);
}

}  // namespace rxrun
