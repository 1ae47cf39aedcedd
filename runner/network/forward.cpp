#include "network/forward.h"

#include <ATen/core/grad_mode.h>

#include "network/current_layer.h"
#include "network/failure.h"
#include "rxrun/layer.h"

namespace rxrun {
namespace {

std::string describe(const torch::Tensor& tensor) {
  if (!tensor.defined()) return "an undefined tensor";
  return (tensor.dim() == 0 ? "a scalar" : to_string(tensor.sizes().vec())) + " (" +
         c10::toString(tensor.scalar_type()) + ")";
}

[[noreturn]] void fail(const NetworkLayer& layer, const std::string& message, const std::string& advice = {}) {
  throw Error(Failure::run, {{Severity::error, layer.where, layer.label + " " + message, advice}});
}

bool is_computed_type(torch::ScalarType type, torch::ScalarType input) {
  return type == input || type == torch::kFloat || type == torch::kBFloat16 || type == torch::kHalf;
}

// Counts changes in place; tensors of inference mode do not.
std::int64_t version_of(const torch::Tensor& x) {
  return x.is_inference() ? 0 : static_cast<std::int64_t>(x._version());
}

void check_output(const NetworkLayer& layer, const torch::Tensor& x, const torch::Tensor& y) {
  std::vector<std::int64_t> expected = {x.size(0)};
  const Shape& declared = layer.module->output_shape();
  expected.insert(expected.end(), declared.begin(), declared.end());
  if (!y.defined() || y.sizes() != at::IntArrayRef(expected)) {
    fail(layer, "returned " + describe(y) + ", but declared " + to_string(expected) + " (batch first)");
  }
  if (!is_computed_type(y.scalar_type(), x.scalar_type())) {
    fail(layer, "returned " + describe(y) + ": the type must stay " + c10::toString(x.scalar_type()));
  }
  if (y.device() != x.device()) {
    fail(layer, "returned a tensor on " + y.device().str() + ", but its input is on " + x.device().str());
  }
  if (x.requires_grad() && at::GradMode::is_enabled() && !y.requires_grad()) {
    fail(layer, "cuts off the gradient: the layers before it cannot learn",
         "use operations that LibTorch can differentiate, or a torch::autograd::Function");
  }
}

torch::Tensor run_layer(const NetworkLayer& layer, const torch::Tensor& x) {
  const std::int64_t version = version_of(x);
  torch::Tensor y = in_layer(layer, "failed", Failure::run, [&] { return layer.module->forward(x); });
  if (version_of(x) != version) fail(layer, "changed its input in place");
  check_output(layer, x, y);
  if (y.requires_grad()) {
    const char* label = layer.label.c_str();
    y.register_hook([label](const torch::Tensor&) { set_current_layer(label); });
  }
  return y;
}

}  // namespace

torch::Tensor forward(const Network& network, const torch::Tensor& x, const AfterLayer& after_layer) {
  torch::Tensor value = x;
  for (const NetworkLayer& layer : network.layers) {
    value = run_layer(layer, value);
    if (after_layer) after_layer(layer, value);
  }
  return value;
}

void backward(const torch::Tensor& loss) {
  static const char* const nowhere = "the backward pass";
  const LayerScope scope(nowhere);
  try {
    loss.backward();
  } catch (const Error&) {
    throw;
  } catch (...) {
    const std::exception_ptr exception = std::current_exception();
    const std::string layer = current_layer();
    const bool memory = is_out_of_memory(exception);
    throw Error(Failure::run,
                std::string(memory ? "out of memory: " : "") + "the backward pass failed" +
                    (layer == nowhere ? "" : " in " + layer) + ": " + cause_of(exception),
                memory ? "reduce `data.batch` or `data.image_size`" : "");
  }
}

namespace {

// Own tensors first, then the children's: the order of visit_tensors and of PyTorch's state_dict.
void add_tensors(Layer& layer, const std::string& path, const std::string& type_name, std::vector<NamedTensor>& all) {
  for (const Layer::DeclaredTensor& tensor : layer.tensors()) {
    all.push_back({join_path(path, tensor.name), *tensor.slot, tensor.trainable, type_name});
  }
  for (Layer::Child& child : layer.children()) {
    add_tensors(*child.layer, join_path(path, child.name), child.type_name, all);
  }
}

}  // namespace

std::vector<NamedTensor> named_tensors(const Network& network) {
  std::vector<NamedTensor> all;
  for (const NetworkLayer& layer : network.layers) add_tensors(*layer.module, layer.path, layer.type_name, all);
  return all;
}

void set_training(const Network& network, bool training) {
  for (const NetworkLayer& layer : network.layers) layer.module->set_training(training);
}

void materialize(const Network& network, std::uint64_t seed, torch::Device device) {
  for (const NetworkLayer& layer : network.layers) {
    in_layer(layer, "could not get memory for its parameters", Failure::run,
             [&] { layer.module->materialize(seed, device, layer.path); });
  }
}

void reseed(const Network& network, std::uint64_t step_key) {
  for (const NetworkLayer& layer : network.layers) layer.module->reseed(step_key, layer.path);
}

std::string first_not_finite(const Network& network, const torch::Tensor& x) {
  const at::NoGradGuard no_gradients;
  const auto finite = [](const torch::Tensor& tensor) { return at::isfinite(tensor).all().item<bool>(); };
  if (!finite(x)) return "the input";
  for (const NamedTensor& named : named_tensors(network)) {
    if (!finite(named.tensor)) return "the weight `" + named.name + "`";
  }
  std::string first;
  forward(network, x, [&](const NetworkLayer& layer, const torch::Tensor& output) {
    if (first.empty() && !finite(output)) first = layer.label;
  });
  return first;
}

}  // namespace rxrun
