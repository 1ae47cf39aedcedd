#include "training/optimizer.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/types.h>

#include <algorithm>

#include "diagnostics/diagnostic.h"
#include "training/moving.h"

namespace rxrun {
namespace {

using Kind = OptimizerSpec::Kind;
using Tensors = std::vector<at::Tensor>;
using torch::autograd::FunctionPostHook;
using torch::autograd::variable_list;

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

// Told, while a backward pass is under way, of each parameter whose gradient is whole.
struct Arrivals {
  std::function<void(std::size_t)> arrived;
};

// Leaves no one listening.
struct Deaf {
  Arrivals& arrivals;
  ~Deaf() { arrivals.arrived = {}; }
};

// Behind the node that gathers a parameter's gradient, which may outlive the optimizer.
class Arrival final : public FunctionPostHook {
 public:
  Arrival(std::shared_ptr<const Arrivals> arrivals, std::size_t parameter)
      : arrivals_(std::move(arrivals)), parameter_(parameter) {}

  variable_list operator()(const variable_list& outputs, const variable_list& /*inputs*/) override {
    if (arrivals_->arrived) arrivals_->arrived(parameter_);
    return outputs;
  }

 private:
  std::shared_ptr<const Arrivals> arrivals_;
  std::size_t parameter_;
};

}  // namespace

struct Optimizer::Impl {
  OptimizerSpec spec;
  NamedTensors parameters;
  std::vector<std::string> names;  // of the slots
  std::vector<Tensors> slots;      // slot, parameter
  at::Tensor steps;                // int64, one for each parameter
  double longest = 0.0;            // of the coming step's gradients; 0: as long as they are
  std::shared_ptr<Arrivals> arrivals = std::make_shared<Arrivals>();
  std::vector<std::shared_ptr<torch::autograd::Node>> nodes;  // with the hooks, which go where nobody holds the node

  bool decays(const at::Tensor& parameter) const {
    return spec.weight_decay > 0.0 && (spec.decay_norm_and_bias || parameter.dim() > 1);
  }

  Moving start(double rate) const {
    Moving moving;
    moving.rate = rate;
    moving.longest = longest;
    moving.slots.resize(slots.size());
    return moving;
  }

  void add(std::size_t i, Moving& moving) const {
    const at::Tensor& parameter = parameters[i].second;
    moving.parameters.push_back(parameter);
    moving.gradients.push_back(parameter.grad());
    moving.decays.push_back(decays(parameter));
    moving.places.push_back(i);
    moving.steps.push_back(static_cast<double>(++steps.data_ptr<std::int64_t>()[i]));
    for (std::size_t s = 0; s < slots.size(); ++s) moving.slots[s].push_back(slots[s][i]);
  }

  // Moves the i-th parameter and drops its gradient.
  void move_one(std::size_t i, double rate, const AfterMove& after) const {
    at::NoGradGuard no_gradient;
    Moving moving = start(rate);
    add(i, moving);
    move_in_one_pass(spec, moving, after);
    parameters[i].second.mutable_grad() = at::Tensor();
  }

  bool takes_one_pass_each() const {
    return std::all_of(parameters.begin(), parameters.end(),
                       [](const auto& named) { return takes_one_pass(named.second); });
  }

  // Hooks behind the parameters' gradients, once.
  void listen() {
    if (!nodes.empty()) return;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (!parameters[i].second.requires_grad()) continue;
      nodes.push_back(torch::autograd::impl::grad_accumulator(parameters[i].second));
      nodes.back()->add_post_hook(std::make_unique<Arrival>(arrivals, i));
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
  step(
      rate, [] {}, after);
}

void Optimizer::step(double rate, const std::function<void()>& differentiate, const AfterMove& after) {
  std::vector<bool> moved(impl_->parameters.size());
  if (impl_->longest == 0.0 && impl_->takes_one_pass_each()) {
    impl_->listen();
    impl_->arrivals->arrived = [&](std::size_t i) {
      if (moved[i]) {
        throw Error(Failure::run, "the gradient of " + impl_->parameters[i].first + " came in more than one part",
                    "a layer that differentiates within its own backward pass needs training.clip_gradient_norm, with "
                    "which the weights move after it");
      }
      impl_->move_one(i, rate, after);
      moved[i] = true;
    };
  }
  const Deaf afterwards{*impl_->arrivals};
  differentiate();

  at::NoGradGuard no_gradient;
  Moving moving = impl_->start(rate);
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i)
    if (impl_->parameters[i].second.grad().defined()) impl_->add(i, moving);
  const auto tell_whole = [&](std::size_t i) { after(i, 0, impl_->parameters[i].second.numel()); };
  if (std::all_of(moving.parameters.begin(), moving.parameters.end(), takes_one_pass)) {
    move_in_one_pass(impl_->spec, moving, after);
  } else {
    move_by_libtorch(impl_->spec, moving);
    if (after) std::for_each(moving.places.begin(), moving.places.end(), tell_whole);
  }
  impl_->longest = 0.0;
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i) {
    const at::Tensor& parameter = impl_->parameters[i].second;
    if (after && !moved[i] && !parameter.grad().defined()) tell_whole(i);
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
