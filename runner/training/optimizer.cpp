#include "training/optimizer.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "rxrun/parallel.h"
#include "training/update.h"

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
      return spec.momentum > 0.0 ? std::vector<std::string>{"square_avg", "momentum_buffer"}
                                 : std::vector<std::string>{"square_avg"};
  }
  return {};
}

// One step's view: the parameters that have a gradient, with what is kept for them.
struct Moving {
  Tensors parameters, gradients;
  std::vector<Tensors> slots;
  std::vector<double> steps;        // of each parameter, this one included
  std::vector<std::size_t> places;  // of each parameter among all
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

void clip(Tensors& gradients, double longest) {
  Tensors norms;
  for (const at::Tensor& gradient : gradients) norms.push_back(at::norm(gradient));
  // Stays on the device: reading the norm would make a GPU wait.
  const at::Tensor factor = (longest / (at::norm(at::stack(norms)) + 1e-6)).clamp_max(1.0);
  for (at::Tensor& gradient : gradients) gradient.mul_(factor);
}

// ---- float32 on the CPU: everything in one pass over memory (update.h) ----

constexpr std::int64_t kStretch = 1 << 15;  // numbers that a thread takes at a time

bool is_float32_on_cpu(const at::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.layout() == at::kStrided &&
         tensor.is_non_overlapping_and_dense();
}

bool takes_one_pass(const Moving& m) {
  return std::all_of(m.parameters.begin(), m.parameters.end(), is_float32_on_cpu);
}

// The gradients in the order of their parameters' memory.
void align_gradients(Moving& m) {
  for (std::size_t i = 0; i < m.parameters.size(); ++i) {
    at::Tensor& gradient = m.gradients[i];
    if (is_float32_on_cpu(gradient) && gradient.strides() == m.parameters[i].strides()) continue;
    gradient = at::empty_like(m.parameters[i]).copy_(gradient);
  }
}

// Calls work(parameter's number, first, last) for stretches of all tensors, and of each tensor alike however many
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

// The factor that brings the gradients' norm down to `longest`.
double clipping_factor(const Tensors& gradients, double longest) {
  std::int64_t stretches = 0;
  for (const at::Tensor& gradient : gradients) stretches += (gradient.numel() + kStretch - 1) / kStretch;
  std::vector<double> sums(static_cast<std::size_t>(stretches));
  for_stretches(gradients, [&](std::int64_t stretch, std::size_t i, std::int64_t begin, std::int64_t end) {
    sums[static_cast<std::size_t>(stretch)] = sum_of_squares(gradients[i].data_ptr<float>() + begin, end - begin);
  });
  return std::min(1.0, longest / (std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0)) + 1e-6));
}

// Moves numbers begin ... end - 1 of the i-th parameter.
void move(const OptimizerSpec& spec, const Moving& m, bool decaying, double factor, std::size_t i, std::int64_t begin,
          std::int64_t end) {
  Stretch stretch{m.parameters[i].data_ptr<float>() + begin, m.gradients[i].data_ptr<float>() + begin, {}, end - begin};
  for (std::size_t s = 0; s < m.slots.size(); ++s) stretch.slots[s] = m.slots[s][i].data_ptr<float>() + begin;
  const double decay = decaying ? spec.weight_decay : 0.0;
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

void one_pass(const OptimizerSpec& spec, const Moving& m, const std::vector<bool>& decays, double factor,
              const Optimizer::AfterMove& after) {
  for_stretches(m.parameters, [&](std::int64_t, std::size_t i, std::int64_t begin, std::int64_t end) {
    move(spec, m, decays[i], factor, i, begin, end);
    if (after) after(m.places[i], begin, end);
  });
  // Written past LibTorch, which counts a tensor's changes.
  for (const at::Tensor& parameter : m.parameters) parameter.unsafeGetTensorImpl()->bump_version();
}

}  // namespace

struct Optimizer::Impl {
  OptimizerSpec spec;
  NamedTensors parameters;
  std::vector<std::string> names;  // of the slots
  std::vector<Tensors> slots;      // slot, parameter
  at::Tensor steps;                // int64, one for each parameter

  double longest = 0.0;  // of the coming step's gradients; 0: as long as they are

  bool decays(const at::Tensor& parameter) const {
    return spec.weight_decay > 0.0 && (spec.decay_norm_and_bias || parameter.dim() > 1);
  }

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
      moving.places.push_back(i);
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

  void step_in_one_pass(Moving& moving, const AfterMove& after) const {
    align_gradients(moving);
    std::vector<bool> decaying;
    for (const at::Tensor& parameter : moving.parameters) decaying.push_back(decays(parameter));
    one_pass(spec, moving, decaying, longest > 0.0 ? clipping_factor(moving.gradients, longest) : 1.0, after);
  }

  void step_by_libtorch(Moving& moving) const {
    if (longest > 0.0) clip(moving.gradients, longest);
    decay(moving);
    switch (spec.kind) {
      case Kind::sgd:
        return sgd(spec, moving);
      case Kind::adam:
      case Kind::adamw:
        return adam(spec, moving);
      case Kind::rmsprop:
        return rmsprop(spec, moving);
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

void Optimizer::step(double rate, const AfterMove& after) {
  at::NoGradGuard no_gradient;
  Moving moving = impl_->gather(rate);
  const auto tell_whole = [&](std::size_t i) { after(i, 0, impl_->parameters[i].second.numel()); };
  if (takes_one_pass(moving)) {
    if (!moving.parameters.empty()) impl_->step_in_one_pass(moving, after);
  } else {
    impl_->step_by_libtorch(moving);
    if (after) std::for_each(moving.places.begin(), moving.places.end(), tell_whole);
  }
  impl_->longest = 0.0;
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i) {
    const at::Tensor& parameter = impl_->parameters[i].second;
    if (after && !parameter.grad().defined()) tell_whole(i);
    parameter.mutable_grad() = at::Tensor();
  }
}

void Optimizer::clip_gradient_norm(double maximum) { impl_->longest = maximum; }

NamedTensors Optimizer::state() const {
  NamedTensors state;
  for (std::size_t s = 0; s < impl_->names.size(); ++s) {
    for (std::size_t i = 0; i < impl_->parameters.size(); ++i)
      state.emplace_back(impl_->names[s] + "/" + impl_->parameters[i].first, impl_->slots[s][i]);
  }
  state.emplace_back("step", impl_->steps);
  return state;
}

int Optimizer::slots(const OptimizerSpec& spec) { return static_cast<int>(slot_names(spec).size()); }

}  // namespace rxrun
