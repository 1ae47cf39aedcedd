#include "training/optimizer.h"

#include <torch/types.h>

#include <cmath>

namespace rxrun {
namespace {

using Kind = OptimizerSpec::Kind;
using Tensors = std::vector<at::Tensor>;

// What is kept for each parameter, by the names of torch.optim's state.
std::vector<std::string> slot_names(const OptimizerSpec& spec) {
  switch (spec.kind) {
    case Kind::sgd:
      return spec.momentum > 0.0 ? std::vector<std::string>{"momentum_buffer"} : std::vector<std::string>{};
    case Kind::adam:
    case Kind::adamw:
      return {"exp_avg", "exp_avg_sq"};
    case Kind::rmsprop:
      return spec.momentum > 0.0 ? std::vector<std::string>{"square_avg", "momentum_buffer"} : std::vector<std::string>{"square_avg"};
  }
  return {};
}

// One step's view: the parameters that have a gradient, with what is kept for them.
struct Moving {
  Tensors parameters, gradients;
  std::vector<Tensors> slots;
  std::vector<double> steps;  // of each parameter, this one included
  double rate = 0.0;
};

void sgd(const OptimizerSpec& spec, Moving& m) {
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

void adam(const OptimizerSpec& spec, Moving& m) {
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

void rmsprop(const OptimizerSpec& spec, Moving& m) {
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

}  // namespace

struct Optimizer::Impl {
  OptimizerSpec spec;
  NamedTensors parameters;
  std::vector<std::string> names;  // of the slots
  std::vector<Tensors> slots;      // slot, parameter
  at::Tensor steps;                // int64, one for each parameter

  bool decays(const at::Tensor& parameter) const { return spec.weight_decay > 0.0 && (spec.decay_norm_and_bias || parameter.dim() > 1); }

  Moving gather(double rate) {
    Moving moving;
    moving.rate = rate;
    moving.slots.resize(slots.size());
    auto* counts = steps.data_ptr<std::int64_t>();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const at::Tensor& parameter = parameters[i].second;
      if (!parameter.grad().defined()) continue;
      moving.parameters.push_back(parameter);
      moving.gradients.push_back(parameter.grad());
      moving.steps.push_back(static_cast<double>(++counts[i]));
      for (std::size_t s = 0; s < slots.size(); ++s) moving.slots[s].push_back(slots[s][i]);
    }
    return moving;
  }

  void decay(Moving& moving) const {
    Tensors parameters_to_decay, gradients_to_decay;
    for (std::size_t i = 0; i < moving.parameters.size(); ++i) {
      if (!decays(moving.parameters[i])) continue;
      parameters_to_decay.push_back(moving.parameters[i]);
      gradients_to_decay.push_back(moving.gradients[i]);
    }
    if (parameters_to_decay.empty()) return;
    if (spec.kind == Kind::adamw) {
      at::_foreach_mul_(parameters_to_decay, 1.0 - moving.rate * spec.weight_decay);
    } else {
      at::_foreach_add_(gradients_to_decay, parameters_to_decay, spec.weight_decay);
    }
  }
};

Optimizer::Optimizer(const OptimizerSpec& spec, const NamedTensors& parameters) : impl_(std::make_unique<Impl>()) {
  at::NoGradGuard no_gradient;
  impl_->spec = spec;
  impl_->parameters = parameters;
  impl_->names = slot_names(spec);
  for (std::size_t s = 0; s < impl_->names.size(); ++s) {
    Tensors& slot = impl_->slots.emplace_back();
    for (const auto& [name, tensor] : parameters) slot.push_back(at::zeros_like(tensor));
  }
  impl_->steps = at::zeros({static_cast<std::int64_t>(parameters.size())}, at::kLong);
}

Optimizer::~Optimizer() = default;

void Optimizer::step(double rate) {
  at::NoGradGuard no_gradient;
  Moving moving = impl_->gather(rate);
  if (moving.parameters.empty()) return;
  impl_->decay(moving);
  switch (impl_->spec.kind) {
    case Kind::sgd:
      sgd(impl_->spec, moving);
      break;
    case Kind::adam:
    case Kind::adamw:
      adam(impl_->spec, moving);
      break;
    case Kind::rmsprop:
      rmsprop(impl_->spec, moving);
      break;
  }
  for (auto& [name, tensor] : impl_->parameters) tensor.mutable_grad() = at::Tensor();
}

void Optimizer::clip_gradient_norm(double maximum) {
  at::NoGradGuard no_gradient;
  Tensors gradients, norms;
  for (const auto& [name, tensor] : impl_->parameters) {
    if (!tensor.grad().defined()) continue;
    gradients.push_back(tensor.grad());
    norms.push_back(at::norm(tensor.grad()));
  }
  if (gradients.empty()) return;
  // Stays on the device: reading the norm would make a GPU wait.
  const at::Tensor factor = (maximum / (at::norm(at::stack(norms)) + 1e-6)).clamp_max(1.0);
  for (at::Tensor& gradient : gradients) gradient.mul_(factor);
}

NamedTensors Optimizer::state() const {
  NamedTensors state;
  for (std::size_t s = 0; s < impl_->names.size(); ++s) {
    for (std::size_t i = 0; i < impl_->parameters.size(); ++i) state.emplace_back(impl_->names[s] + "/" + impl_->parameters[i].first, impl_->slots[s][i]);
  }
  state.emplace_back("step", impl_->steps);
  return state;
}

int Optimizer::slots(const OptimizerSpec& spec) { return static_cast<int>(slot_names(spec).size()); }

}  // namespace rxrun
