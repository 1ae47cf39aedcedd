#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "rxrun/parallel.h"
#include "training/parameter_update.h"
#include "training/update.h"

namespace rxrun {
namespace {

using Kind = OptimizerSpec::Kind;
using Tensors = std::vector<at::Tensor>;

constexpr std::int64_t kStretch = 1 << 13;  // numbers that a thread takes at a time

// The gradients in the order of their parameters' memory.
void align_gradients(ParameterUpdate& m) {
  for (std::size_t i = 0; i < m.parameters.size(); ++i) {
    at::Tensor& gradient = m.gradients[i];
    if (takes_one_pass(gradient) && gradient.strides() == m.parameters[i].strides()) continue;
    if (gradient.layout() != at::kStrided) gradient = gradient.to_dense();
    gradient = at::empty_like(m.parameters[i]).copy_(gradient);
  }
}

// Calls work(stretch, tensor, first, last) for all stretches of all tensors, by number, which are the same however many
// threads there are.
template <typename Work>
void for_stretches(const Tensors& tensors, const Work& work) {
  std::vector<std::int64_t> ends;  // of each tensor's stretches
  for (const at::Tensor& tensor : tensors)
    ends.push_back((ends.empty() ? 0 : ends.back()) + (tensor.numel() + kStretch - 1) / kStretch);
  parallel_for(ends.back(), [&](std::int64_t first, std::int64_t last) {
    auto tensor = static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), first) - ends.begin());
    for (std::int64_t stretch = first; stretch < last; ++stretch) {
      while (stretch >= ends[tensor]) ++tensor;
      const std::int64_t begin = (stretch - (tensor == 0 ? 0 : ends[tensor - 1])) * kStretch;
      work(stretch, tensor, begin, std::min(begin + kStretch, tensors[tensor].numel()));
    }
  });
}

// The factor that brings the gradients' norm down to `max_norm`.
double clipping_factor(const Tensors& gradients, double max_norm) {
  std::int64_t stretches = 0;
  for (const at::Tensor& gradient : gradients) stretches += (gradient.numel() + kStretch - 1) / kStretch;
  std::vector<double> sums(static_cast<std::size_t>(stretches));
  for_stretches(gradients, [&](std::int64_t stretch, std::size_t i, std::int64_t begin, std::int64_t end) {
    sums[static_cast<std::size_t>(stretch)] = sum_of_squares(gradients[i].data_ptr<float>() + begin, end - begin);
  });
  return std::min(1.0, max_norm / (std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0)) + 1e-6));
}

// Moves numbers begin ... end - 1 of the i-th parameter.
void move(const OptimizerSpec& spec, const ParameterUpdate& m, double factor, std::size_t i, std::int64_t begin,
          std::int64_t end) {
  Stretch stretch{m.parameters[i].data_ptr<float>() + begin, m.gradients[i].data_ptr<float>() + begin, {}, end - begin};
  for (std::size_t s = 0; s < m.slots.size(); ++s) stretch.slots[s] = m.slots[s][i].data_ptr<float>() + begin;
  const double decay = m.decays[i] ? spec.weight_decay : 0.0;
  const auto narrow = [](double value) { return static_cast<float>(value); };
  const GradientRule gradient{narrow(factor), spec.kind == Kind::adamw ? 0.0f : narrow(decay)};
  switch (spec.kind) {
    case Kind::sgd:
      return update(stretch, gradient, SgdRule{narrow(m.rate), narrow(spec.momentum), spec.nesterov});
    case Kind::adam:
    case Kind::adamw:
      return update(stretch, gradient,
                    AdamRule{.shrink = spec.kind == Kind::adamw ? narrow(1.0 - m.rate * decay) : 1.0f,
                             .beta1 = narrow(spec.beta1),
                             .rest1 = narrow(1.0 - spec.beta1),
                             .beta2 = narrow(spec.beta2),
                             .rest2 = narrow(1.0 - spec.beta2),
                             .epsilon = narrow(spec.epsilon),
                             .size = narrow(m.rate / (1.0 - std::pow(spec.beta1, m.steps[i]))),
                             .correction = narrow(std::sqrt(1.0 - std::pow(spec.beta2, m.steps[i])))});
    case Kind::rmsprop:
      return update(stretch, gradient,
                    RmspropRule{narrow(m.rate), narrow(spec.alpha), narrow(1.0 - spec.alpha), narrow(spec.epsilon),
                                narrow(spec.momentum)});
  }
}

}  // namespace

bool takes_one_pass(const at::Tensor& parameter) {
  return parameter.device().is_cpu() && parameter.scalar_type() == at::kFloat && parameter.layout() == at::kStrided &&
         parameter.is_non_overlapping_and_dense();
}

void update_in_one_pass(const OptimizerSpec& spec, ParameterUpdate& all, const Optimizer::AfterMove& after) {
  if (all.parameters.empty()) return;
  align_gradients(all);
  const double factor = all.max_norm > 0.0 ? clipping_factor(all.gradients, all.max_norm) : 1.0;
  for_stretches(all.parameters, [&](std::int64_t, std::size_t i, std::int64_t begin, std::int64_t end) {
    move(spec, all, factor, i, begin, end);
    if (after) after(all.indices[i], begin, end);
  });
  // Written past LibTorch, which counts a tensor's changes.
  for (const at::Tensor& parameter : all.parameters) parameter.unsafeGetTensorImpl()->bump_version();
}

}  // namespace rxrun
