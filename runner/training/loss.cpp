#include "training/loss.h"

#include <torch/types.h>

#include <cmath>
#include <numeric>

#include "diagnostics/diagnostic.h"
#include "rxrun/to_device.h"

namespace rxrun {
namespace {

// Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
double draw_gamma(RandomStream& random, double shape) {
  if (shape < 1.0) {
    const double boost = std::pow(1.0 - random.uniform(), 1.0 / shape);
    return draw_gamma(random, shape + 1.0) * boost;
  }
  const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = random.normal();
    const double v = std::pow(1.0 + c * x, 3.0);
    if (v <= 0.0) continue;
    if (std::log(1.0 - random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

std::vector<float> class_weights(const LossSpec& spec, const std::vector<std::int64_t>& counts) {
  const std::size_t classes = counts.size();
  if (!spec.class_weights.empty() && spec.class_weights.size() != classes) {
    throw Error(Failure::usage,
                "training.loss.class_weights has " + std::to_string(spec.class_weights.size()) +
                    " values, the data has " + std::to_string(classes) + " classes",
                "give one weight for each class, in the order of the classes");
  }
  if (spec.class_weights.empty() && !spec.balanced) return {};
  const double images = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  std::vector<float> weights;
  for (std::size_t c = 0; c < classes; ++c) {
    double weight = spec.class_weights.empty() ? 1.0 : spec.class_weights[c];
    if (spec.balanced)
      weight *= counts[c] > 0 ? images / (static_cast<double>(classes) * static_cast<double>(counts[c])) : 0.0;
    weights.push_back(static_cast<float>(weight));
  }
  return weights;
}

}  // namespace

struct Loss::Impl {
  at::Tensor weights;  // undefined: all 1
  double smoothing = 0.0;

  at::Tensor compute(const at::Tensor& logits, const at::Tensor& labels, at::Reduction::Reduction reduction) const {
    const c10::optional<at::Tensor> weight = weights.defined() ? c10::optional<at::Tensor>(weights) : c10::nullopt;
    return at::cross_entropy_loss(logits.to(at::kFloat), labels, weight, reduction, /*ignore_index=*/-100, smoothing);
  }
};

Loss::Loss(const LossSpec& spec, const std::vector<std::int64_t>& class_counts, const std::string& device)
    : impl_(std::make_unique<Impl>()) {
  impl_->smoothing = spec.label_smoothing;
  const std::vector<float> weights = class_weights(spec, class_counts);
  if (!weights.empty()) impl_->weights = torch::tensor(weights).to(at::Device(device));
}
Loss::~Loss() = default;
Loss::Loss(Loss&&) noexcept = default;

at::Tensor Loss::mean(const at::Tensor& logits, const at::Tensor& labels) const {
  return impl_->compute(logits, labels, at::Reduction::Mean);
}
at::Tensor Loss::sum(const at::Tensor& logits, const at::Tensor& labels) const {
  return impl_->compute(logits, labels, at::Reduction::Sum);
}

at::Tensor Loss::weight(const at::Tensor& labels) const {
  if (impl_->weights.defined()) return impl_->weights.index_select(0, labels).sum();
  return at::full({}, static_cast<double>(labels.size(0)), labels.options().dtype(at::kFloat));
}

double draw_symmetric_beta(RandomStream& random, double alpha) {
  const double a = draw_gamma(random, alpha), b = draw_gamma(random, alpha);
  return a + b > 0.0 ? a / (a + b) : 0.5;
}

Mixup Mixup::draw(RandomStream& random, double alpha, std::int64_t batch) {
  Mixup mixup;
  mixup.share = draw_symmetric_beta(random, alpha);
  mixup.partner.resize(static_cast<std::size_t>(batch));
  std::iota(mixup.partner.begin(), mixup.partner.end(), std::int64_t{0});
  random.shuffle(mixup.partner);
  return mixup;
}

namespace {
at::Tensor partners(const Mixup& mixup, const at::Tensor& values) {
  return values.index_select(0, to_device(torch::tensor(mixup.partner), values.device()));
}
}  // namespace

at::Tensor Mixup::blend(const at::Tensor& pixels) const {
  return (pixels * share).add_(partners(*this, pixels), 1.0 - share);
}

// Both means have the same weights to divide by, the batch's: together they are one weighted by both labels.
at::Tensor Mixup::loss(const Loss& loss, const at::Tensor& logits, const at::Tensor& labels) const {
  return loss.mean(logits, labels) * share + loss.mean(logits, partners(*this, labels)) * (1.0 - share);
}

}  // namespace rxrun
