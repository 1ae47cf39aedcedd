#include "training/optimizer.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/types.h>

#include <algorithm>

#include "diagnostics/diagnostic.h"
#include "training/parameter_update.h"

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

// Who is told, while a backward pass is under way, of each parameter whose gradient is complete.
struct GradientListener {
  std::function<void(std::size_t)> on_gradient;
};

// For a scope.
class Listening {
 public:
  Listening(GradientListener& listener, std::function<void(std::size_t)> on_gradient) : listener_(listener) {
    listener_.on_gradient = std::move(on_gradient);
  }
  ~Listening() { listener_.on_gradient = {}; }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  GradientListener& listener_;
};

// Behind the node that gathers a parameter's gradient, which may outlive the optimizer.
class GradientHook final : public FunctionPostHook {
 public:
  GradientHook(std::shared_ptr<const GradientListener> listener, std::size_t parameter)
      : listener_(std::move(listener)), parameter_(parameter) {}

  variable_list operator()(const variable_list& outputs, const variable_list& /*inputs*/) override {
    if (listener_->on_gradient) listener_->on_gradient(parameter_);
    return outputs;
  }

 private:
  std::shared_ptr<const GradientListener> listener_;
  std::size_t parameter_;
};

}  // namespace

struct Optimizer::Impl {
  OptimizerSpec spec;
  NamedTensors parameters;
  std::vector<std::string> names;  // of the slots
  std::vector<Tensors> slots;      // slot, parameter
  at::Tensor steps;                // int64, one for each parameter
  std::shared_ptr<GradientListener> listener = std::make_shared<GradientListener>();
  std::vector<std::shared_ptr<torch::autograd::Node>> nodes;  // with the hooks, which go where nobody holds the node
  std::vector<std::size_t> handles;  // on each parameter after the last step, when no backward pass needs one

  bool decays(const at::Tensor& parameter) const {
    return spec.weight_decay > 0.0 && (spec.decay_norm_and_bias || parameter.dim() > 1);
  }

  ParameterUpdate begin(const Step& step) const {
    ParameterUpdate update;
    update.rate = step.rate;
    update.max_norm = step.max_norm;
    update.slots.resize(slots.size());
    return update;
  }

  void add(std::size_t i, ParameterUpdate& update) const {
    const at::Tensor& parameter = parameters[i].second;
    update.parameters.push_back(parameter);
    update.gradients.push_back(parameter.grad());
    update.decays.push_back(decays(parameter));
    update.indices.push_back(i);
    update.steps.push_back(static_cast<double>(++steps.data_ptr<std::int64_t>()[i]));
    for (std::size_t s = 0; s < slots.size(); ++s) update.slots[s].push_back(slots[s][i]);
  }

  // Whether no part of the backward pass that is still to come can read the parameter: nobody holds it that did not
  // after the last step, and nobody holds its memory under another name, such as detach()'s.
  bool is_free(std::size_t i) const {
    const at::Tensor& parameter = parameters[i].second;
    return !handles.empty() && parameter.use_count() <= handles[i] && parameter.storage().use_count() == 1;
  }

  void count_handles() {
    handles.clear();
    for (const auto& [name, parameter] : parameters) handles.push_back(parameter.use_count());
  }

  // Moves the i-th parameter, if that changes nothing of the pass, and drops its gradient. Returns whether it did. A
  // gradient that nothing flowed into is told of too, and not there.
  bool move_early(std::size_t i, const Step& step) const {
    const at::Tensor& parameter = parameters[i].second;
    if (!parameter.grad().defined() || !takes_one_pass(parameter) || !is_free(i)) return false;
    at::NoGradGuard no_gradient;
    ParameterUpdate update = begin(step);
    add(i, update);
    update_in_one_pass(spec, update, step.after);
    parameter.mutable_grad() = at::Tensor();
    return true;
  }

  // Hooks behind the parameters' gradients, once.
  void set_hooks() {
    if (!nodes.empty()) return;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (!parameters[i].second.requires_grad()) continue;
      nodes.push_back(torch::autograd::impl::grad_accumulator(parameters[i].second));
      nodes.back()->add_post_hook(std::make_unique<GradientHook>(listener, i));
    }
  }

  // Runs the backward pass; returns which parameters moved in it.
  std::vector<bool> differentiate(const Step& step) {
    std::vector<bool> moved(parameters.size());
    if (!step.differentiate) return moved;
    if (step.max_norm > 0.0) {
      step.differentiate();
      return moved;
    }
    set_hooks();
    const Listening listening(*listener, [&](std::size_t i) {
      if (moved[i] && parameters[i].second.grad().defined()) {
        throw Error(Failure::run, "the gradient of " + parameters[i].first + " came in more than one part",
                    "a layer that runs a backward pass within its own needs training.clip_gradient_norm, with which "
                    "the weights move when all of it is done");
      }
      if (move_early(i, step)) moved[i] = true;
    });
    step.differentiate();
    return moved;
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

void Optimizer::step(const Step& step) {
  const std::vector<bool> moved = impl_->differentiate(step);
  at::NoGradGuard no_gradient;
  ParameterUpdate update = impl_->begin(step);
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i)
    if (impl_->parameters[i].second.grad().defined()) impl_->add(i, update);
  const auto tell_whole = [&](std::size_t i) { step.after(i, 0, impl_->parameters[i].second.numel()); };
  if (std::all_of(update.parameters.begin(), update.parameters.end(), takes_one_pass)) {
    update_in_one_pass(impl_->spec, update, step.after);
  } else {
    update_by_libtorch(impl_->spec, update);
    if (step.after) std::for_each(update.indices.begin(), update.indices.end(), tell_whole);
  }
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i) {
    const at::Tensor& parameter = impl_->parameters[i].second;
    if (step.after && !moved[i] && !parameter.grad().defined()) tell_whole(i);
    parameter.mutable_grad() = at::Tensor();
  }
  impl_->count_handles();
}

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
