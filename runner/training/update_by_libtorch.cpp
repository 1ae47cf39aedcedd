#include <torch/types.h>

#include <cmath>

#include "training/parameter_update.h"

namespace rxrun {
namespace {

using Kind = OptimizerSpec::Kind;
using Tensors = std::vector<at::Tensor>;

void sgd(const OptimizerSpec& spec, ParameterUpdate& m) {
  if (spec.momentum > 0.0) {
    Tensors& momentum = m.slots[0];
    at::_foreach_mul_(momentum, spec.momentum);
    at::_foreach_add_(momentum, m.gradients);
    if (spec.nesterov) {
      at::_foreach_add_(m.gradients, momentum, spec.momentum);
    } else {
      m.gradients = momentum;
    }
  }
  at::_foreach_add_(m.parameters, m.gradients, -m.rate);
}

void adam(const OptimizerSpec& spec, ParameterUpdate& m) {
  Tensors &average = m.slots[0], &square = m.slots[1];
  at::_foreach_mul_(average, spec.beta1);
  at::_foreach_add_(average, m.gradients, 1.0 - spec.beta1);
  at::_foreach_mul_(square, spec.beta2);
  at::_foreach_addcmul_(square, m.gradients, m.gradients, 1.0 - spec.beta2);
  std::vector<at::Scalar> sizes, corrections;
  for (const double step : m.steps) {
    sizes.emplace_back(-m.rate / (1.0 - std::pow(spec.beta1, step)));
    corrections.emplace_back(std::sqrt(1.0 - std::pow(spec.beta2, step)));
  }
  Tensors divisor = at::_foreach_sqrt(square);
  at::_foreach_div_(divisor, corrections);
  at::_foreach_add_(divisor, spec.epsilon);
  at::_foreach_addcdiv_(m.parameters, average, divisor, sizes);
}

void rmsprop(const OptimizerSpec& spec, ParameterUpdate& m) {
  Tensors& square = m.slots[0];
  at::_foreach_mul_(square, spec.alpha);
  at::_foreach_addcmul_(square, m.gradients, m.gradients, 1.0 - spec.alpha);
  Tensors divisor = at::_foreach_sqrt(square);
  at::_foreach_add_(divisor, spec.epsilon);
  if (spec.momentum > 0.0) {
    Tensors& momentum = m.slots[1];
    at::_foreach_mul_(momentum, spec.momentum);
    at::_foreach_addcdiv_(momentum, m.gradients, divisor);
    at::_foreach_add_(m.parameters, momentum, -m.rate);
  } else {
    at::_foreach_addcdiv_(m.parameters, m.gradients, divisor, -m.rate);
  }
}

void clip(Tensors& gradients, double max_norm) {
  Tensors norms;
  for (const at::Tensor& gradient : gradients) norms.push_back(at::norm(gradient));
  // Stays on the device: reading the norm would make a GPU wait.
  const at::Tensor factor = (max_norm / (at::norm(at::stack(norms)) + 1e-6)).clamp_max(1.0);
  for (at::Tensor& gradient : gradients) gradient.mul_(factor);
}

void decay(const OptimizerSpec& spec, ParameterUpdate& m) {
  Tensors parameters, gradients;
  for (std::size_t i = 0; i < m.parameters.size(); ++i) {
    if (!m.decays[i]) continue;
    parameters.push_back(m.parameters[i]);
    gradients.push_back(m.gradients[i]);
  }
  if (parameters.empty()) return;
  if (spec.kind == Kind::adamw) {
    at::_foreach_mul_(parameters, 1.0 - m.rate * spec.weight_decay);
  } else {
    at::_foreach_add_(gradients, parameters, spec.weight_decay);
  }
}

}  // namespace

void update_by_libtorch(const OptimizerSpec& spec, ParameterUpdate& all) {
  if (all.max_norm > 0.0) clip(all.gradients, all.max_norm);
  decay(spec, all);
  switch (spec.kind) {
    case Kind::sgd:
      return sgd(spec, all);
    case Kind::adam:
    case Kind::adamw:
      return adam(spec, all);
    case Kind::rmsprop:
      return rmsprop(spec, all);
  }
}

}  // namespace rxrun
