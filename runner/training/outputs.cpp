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

Predictions Outputs::gather(std::int64_t classes) const {
  Predictions all = predictions_;
  all.classes = classes;
  if (probabilities_.empty()) return all;
  const at::Tensor probabilities = at::cat(probabilities_).to(at::kCPU).contiguous();
  all.probabilities.assign(probabilities.data_ptr<float>(), probabilities.data_ptr<float>() + probabilities.numel());
  all.loss_sum = at::stack(loss_sums_).sum().item<double>();
  all.loss_weight = at::stack(loss_weights_).sum().item<double>();
  return all;
}

NamedTensors Outputs::tensors() const {
  if (probabilities_.empty()) return {};
  const auto integers = [](const std::vector<std::int64_t>& values) { return at::tensor(values, at::kLong); };
  return {{"probabilities", at::cat(probabilities_)},
          {"loss_sums", at::stack(loss_sums_)},
          {"loss_weights", at::stack(loss_weights_)},
          {"samples", integers(predictions_.samples)},
          {"labels", integers(predictions_.labels)}};
}

void Outputs::restore(const std::map<std::string, at::Tensor>& tensors, const at::Device& device) {
  const auto integers = [&](const char* name) {
    const at::Tensor values = tensors.at(name).to(at::kLong).contiguous();
    return std::vector<std::int64_t>(values.data_ptr<std::int64_t>(), values.data_ptr<std::int64_t>() + values.numel());
  };
  predictions_.samples = integers("samples");
  predictions_.labels = integers("labels");
  probabilities_ = {tensors.at("probabilities").to(device)};
  loss_sums_ = tensors.at("loss_sums").to(device).unbind();
  loss_weights_ = tensors.at("loss_weights").to(device).unbind();
}

}  // namespace rxrun
