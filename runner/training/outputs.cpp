#include "training/outputs.h"

#include "rxrun/to_device.h"

namespace rxrun {
namespace {

template <typename Number>
std::vector<Number> numbers(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kCPU).contiguous();
  return {values.data_ptr<Number>(), values.data_ptr<Number>() + values.numel()};
}

// Σ (p_c - [c = label])² = Σ p_c² - 2 p_label + 1, of each row.
at::Tensor square_errors(const at::Tensor& probabilities, const std::vector<std::int64_t>& labels) {
  const at::Tensor p = probabilities.to(at::kDouble);
  const at::Tensor label = to_device(at::tensor(labels, at::kLong), p.device()).unsqueeze(1);
  return p.square().sum(1) - 2.0 * p.gather(1, label).squeeze(1) + 1.0;
}

}  // namespace

void Outputs::add(const Batch& batch, const at::Tensor& logits, const at::Tensor& loss_sum,
                  const at::Tensor& loss_weight) {
  const auto size = static_cast<std::ptrdiff_t>(batch.size);
  predictions_.samples.insert(predictions_.samples.end(), batch.samples.begin(), batch.samples.begin() + size);
  predictions_.labels.insert(predictions_.labels.end(), batch.labels.begin(), batch.labels.begin() + size);
  const at::Tensor probabilities = at::softmax(logits.detach().to(at::kFloat), 1);
  if (keep_ == Keep::probabilities) {
    probabilities_.push_back(probabilities);
  } else {
    guesses_.push_back(probabilities.argmax(1));
    square_errors_.push_back(square_errors(probabilities, {batch.labels.begin(), batch.labels.begin() + size}));
  }
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
  if (loss_sums_.empty()) return all;
  if (keep_ == Keep::probabilities) {
    all.probabilities = numbers<float>(at::cat(probabilities_));
  } else {
    all.guesses = numbers<std::int64_t>(at::cat(guesses_));
    all.square_errors = numbers<double>(at::cat(square_errors_));
  }
  all.loss_sum = at::stack(loss_sums_).sum().item<double>();
  all.loss_weight = at::stack(loss_weights_).sum().item<double>();
  return all;
}

NamedTensors Outputs::tensors() const {
  if (loss_sums_.empty()) return {};
  const auto integers = [](const std::vector<std::int64_t>& values) { return at::tensor(values, at::kLong); };
  NamedTensors tensors;
  if (keep_ == Keep::probabilities)
    tensors = {{"probabilities", at::cat(probabilities_)}};
  else
    tensors = {{"guesses", at::cat(guesses_)}, {"square_errors", at::cat(square_errors_)}};
  tensors.insert(tensors.end(), {{"loss_sums", at::stack(loss_sums_)},
                                 {"loss_weights", at::stack(loss_weights_)},
                                 {"samples", integers(predictions_.samples)},
                                 {"labels", integers(predictions_.labels)}});
  return tensors;
}

void Outputs::restore(const std::map<std::string, at::Tensor>& tensors, const at::Device& device) {
  const auto integers = [&](const char* name) { return numbers<std::int64_t>(tensors.at(name).to(at::kLong)); };
  predictions_.samples = integers("samples");
  predictions_.labels = integers("labels");
  if (keep_ == Keep::probabilities) {
    probabilities_ = {tensors.at("probabilities").to(device)};
  } else {
    guesses_ = {tensors.at("guesses").to(device)};
    square_errors_ = {tensors.at("square_errors").to(device)};
  }
  loss_sums_ = tensors.at("loss_sums").to(device).unbind();
  loss_weights_ = tensors.at("loss_weights").to(device).unbind();
}

}  // namespace rxrun
