#include "plugin/layer_checks.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <fmt/format.h>
#include <torch/version.h>

#include "plugin/foreign_exception.h"
#include "plugin/layer_under_test.h"
#include "plugin/stand_in_device.h"

namespace rxrun {
namespace {

constexpr std::int64_t kBatch = 4;

struct Trial {
  const LayerFactories& factories;
  const LayerCase& tried;

  LayerUnderTest fresh(bool training, std::uint64_t seed = 3) const { return {factories, tried, seed, training}; }
  torch::Tensor input(std::int64_t batch = kBatch, std::uint64_t seed = 5) const {
    return test_input(tried.input, batch, seed);
  }
};

std::string sizes_text(at::IntArrayRef sizes) { return to_string(Shape(sizes.begin(), sizes.end())); }

std::string output_fault(const LayerUnderTest& tested, const torch::Tensor& x, const torch::Tensor& y) {
  Shape expected = tested.layer->output_shape();
  expected.insert(expected.begin(), x.size(0));
  if (y.sizes() != at::IntArrayRef(expected)) {
    return "the output is " + sizes_text(y.sizes()) + " (batch first); the layer declares " + to_string(expected);
  }
  if (y.scalar_type() != x.scalar_type()) {
    return std::string("the output is ") + c10::toString(y.scalar_type()) + "; the input was " +
           c10::toString(x.scalar_type());
  }
  if (!at::isfinite(y).all().item<bool>()) return "the output holds values that are not finite, for an ordinary input";
  return {};
}

std::string check_shape(const Trial& trial) {
  for (const bool training : {true, false}) {
    for (const std::int64_t batch : {kBatch, kBatch - 1}) {
      LayerUnderTest tested = trial.fresh(training);
      const torch::Tensor x = trial.input(batch);
      const std::string fault = output_fault(tested, x, tested.forward(x));
      if (!fault.empty()) return fault + (training ? " (training)" : " (evaluation)");
    }
  }
  return {};
}

std::string check_input(const Trial& trial) {
  for (const bool training : {true, false}) {
    LayerUnderTest tested = trial.fresh(training);
    const torch::Tensor x = trial.input();
    const torch::Tensor before = x.clone();
    tested.forward(x);
    if (!at::equal(x, before))
      return std::string("forward changes its input in ") + (training ? "training" : "evaluation");
  }
  return {};
}

std::string check_aliasing(const Trial& trial) {
  LayerUnderTest tested = trial.fresh(true);
  const torch::Tensor x = trial.input();
  const torch::Tensor y = tested.forward(x);
  for (const auto& [name, tensor] : tested.tensors()) {
    if (y.is_alias_of(tensor)) return "the output shares its memory with `" + name + "`";
  }
  if (!trial.tried.info.view && trial.tried.changed.empty() && y.is_alias_of(x)) {
    return "the output shares its memory with the input; a layer that computes nothing is declared with .view()";
  }
  const torch::Tensor before = y.detach().clone();
  tested.forward(trial.input(kBatch, 6), 2);
  return at::equal(y, before) ? "" : "the next forward changes the output of the one before";
}

std::string check_gradients(const Trial& trial) {
  for (const bool training : {true, false}) {
    const std::string fault = gradient_fault(trial.factories, trial.tried, training);
    if (!fault.empty()) return fault + (training ? " (training)" : " (evaluation)");
  }
  return {};
}

// What a checkpoint holds are the declared tensors; they have to be all there is.
std::string check_save_load(const Trial& trial) {
  LayerUnderTest saved = trial.fresh(true);
  for (const auto& [name, tensor] : saved.tensors()) {
    if (at::isFloatingType(tensor.scalar_type()))
      tensor.detach().add_(
          0.01 * at::rand(tensor.sizes(), at::detail::createCPUGenerator(8), tensor.options().requires_grad(false)));
  }
  saved.forward(trial.input());
  LayerUnderTest loaded = trial.fresh(true, 4);
  const auto from = saved.tensors(), to = loaded.tensors();
  if (from.size() != to.size()) return "two layers built alike declare different tensors";
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i].first != to[i].first || from[i].second.sizes() != to[i].second.sizes())
      return "two layers built alike declare different tensors";
    to[i].second.detach().copy_(from[i].second.detach());
  }
  saved.layer->set_training(false);
  loaded.layer->set_training(false);
  const torch::Tensor x = trial.input(kBatch, 6);
  const std::string fault = difference(saved.forward(x), loaded.forward(x), 0.0);
  return fault.empty() ? fault : "with the same parameters and buffers, a different output: " + fault;
}

std::string check_determinism(const Trial& trial) {
  LayerUnderTest first = trial.fresh(true), second = trial.fresh(true);
  const auto a = first.tensors(), b = second.tensors();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(a[i].second, b[i].second)) return "`" + a[i].first + "` starts differently from the same seed";
  }
  const torch::Tensor x = trial.input();
  const std::string fault = difference(first.forward(x, 7), second.forward(x, 7), 0.0);
  if (!fault.empty())
    return "the same seed gives a different output: " + fault + "; random draws must come from generator()";
  return {};
}

std::string check_evaluation(const Trial& trial) {
  LayerUnderTest tested = trial.fresh(false);
  std::vector<torch::Tensor> before;
  for (const auto& [name, tensor] : tested.tensors()) before.push_back(tensor.detach().clone());
  const torch::Tensor x = trial.input();
  const std::string fault = difference(tested.forward(x, 1), tested.forward(x, 2), 0.0);
  if (!fault.empty()) return "two evaluations of the same input differ: " + fault;
  const auto after = tested.tensors();
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (!at::equal(after[i].second, before[i])) return "evaluation changes `" + after[i].first + "`";
  }
  LayerUnderTest back = trial.fresh(true);
  back.layer->set_training(false);
  const std::string lasting = difference(tested.forward(x), back.forward(x), 0.0);
  return lasting.empty() ? lasting : "evaluation after training mode differs: " + lasting;
}

std::string check_batch_independence(const Trial& trial) {
  const torch::NoGradGuard no_gradients;
  LayerUnderTest tested = trial.fresh(false);
  const torch::Tensor x = trial.input();
  const torch::Tensor together = tested.forward(x);
  for (std::int64_t i = 0; i < kBatch; ++i) {
    const std::string fault = difference(together.narrow(0, i, 1), tested.forward(x.narrow(0, i, 1).clone()), 1e-4);
    if (!fault.empty()) return "in evaluation an image's output depends on the others of its batch: " + fault;
  }
  return {};
}

bool draws_random(Layer& layer) {
  bool draws = layer.draws_random();
  layer.visit_layers(
      [&](const std::string&, const std::string&, Layer& below) { draws = draws || below.draws_random(); });
  return draws;
}

std::string check_memory_format(const Trial& trial) {
  const torch::Tensor x = trial.input();
  if (x.dim() != 4) return {};
  LayerUnderTest plain = trial.fresh(true), last = trial.fresh(true);
  if (draws_random(*plain.layer)) {  // draws may go by the order of memory
    plain.layer->set_training(false);
    last.layer->set_training(false);
  }
  last.layer->visit_tensors([](const std::string&, Layer::DeclaredTensor& tensor) {
    if (tensor.slot->dim() != 4) return;
    *tensor.slot = tensor.slot->detach().contiguous(at::MemoryFormat::ChannelsLast);
    if (tensor.trainable) tensor.slot->requires_grad_();
  });
  const std::string fault =
      difference(plain.forward(x), last.forward(x.contiguous(at::MemoryFormat::ChannelsLast)), 1e-4);
  return fault.empty() ? fault : "channels-last gives a different output: " + fault;
}

// bfloat16 as training uses it: parameters in float, LibTorch's autocast choosing the type of each operation.
class Bfloat16 {
 public:
  Bfloat16() { set(true); }
  ~Bfloat16() {
    set(false);
    at::autocast::clear_cache();
  }
  Bfloat16(const Bfloat16&) = delete;
  Bfloat16& operator=(const Bfloat16&) = delete;

 private:
  static void set(bool on) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
    at::autocast::set_autocast_enabled(at::kCPU, on);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
#else
    at::autocast::set_cpu_enabled(on);
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
#endif
  }
};

std::string check_bfloat16(const Trial& trial) {
  LayerUnderTest exact = trial.fresh(true), rounded = trial.fresh(true);
  const torch::Tensor x = trial.input().to(torch::kBFloat16);
  const torch::Tensor expected = exact.forward(x.to(torch::kFloat));
  const Bfloat16 autocast;
  const torch::Tensor y = rounded.forward(x);
  if (y.scalar_type() != torch::kBFloat16 && y.scalar_type() != torch::kFloat)
    return std::string("the output is ") + c10::toString(y.scalar_type());
  if (y.sizes() != expected.sizes()) return "the shape differs from that in single precision";
  if (!at::isfinite(y).all().item<bool>()) return "the output holds values that are not finite";
  // Single values may be far off where a difference of near numbers is scaled up; the whole may not.
  const double apart = (expected - y.to(torch::kFloat)).norm().item<double>() / (expected.norm().item<double>() + 1e-6);
  return apart <= 0.1 ? "" : fmt::format("differs by {:.0f} % from the output in single precision", 100.0 * apart);
}

// Forward and backward, and all that came out.
std::vector<std::pair<std::string, torch::Tensor>> outcome(LayerUnderTest& tested, torch::Tensor x) {
  x.requires_grad_();
  const torch::Tensor y = tested.forward(x);
  if (y.requires_grad()) y.sum().backward();
  std::vector<std::pair<std::string, torch::Tensor>> all = {{"the output", y.detach()},
                                                            {"the input's gradient", x.grad()}};
  for (const auto& [name, tensor] : tested.tensors()) {
    all.emplace_back("`" + name + "`", tensor.detach());
    all.emplace_back("the gradient of `" + name + "`", tensor.grad());
  }
  return all;
}

std::string check_device(const Trial& trial) {
  for (const bool training : {true, false}) {
    LayerUnderTest here = trial.fresh(training), there = trial.fresh(training);
    there.layer->materialize(3, stand_in_device(), "layer");
    const auto expected = outcome(here, trial.input()), found = outcome(there, trial.input().to(stand_in_device()));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto& [what, tensor] = found[i];
      if (tensor.defined() != expected[i].second.defined())
        return what + " is there on one device and not on the other";
      if (!tensor.defined()) continue;
      if (tensor.device() != stand_in_device()) return what + " is on the CPU, where the input is on another device";
      const std::string fault = difference(expected[i].second, tensor.to(torch::kCPU), 1e-4);
      if (!fault.empty()) return "on another device, with the same draws, " + what + " is another: " + fault;
    }
  }
  return {};
}

struct Check {
  const char* name;
  std::string (*run)(const Trial&);
};
constexpr Check kChecks[] = {
    {"shape", check_shape},
    {"input", check_input},
    {"aliasing", check_aliasing},
    {"gradients", check_gradients},
    {"save_load", check_save_load},
    {"determinism", check_determinism},
    {"evaluation", check_evaluation},
    {"batch_independence", check_batch_independence},
    {"memory_format", check_memory_format},
    {"bfloat16", check_bfloat16},
    {"device", check_device},
};

std::string run_guarded(const Check& check, const Trial& trial) {
  try {
    return check.run(trial);
  } catch (...) {
    return "threw " + current_exception_text();
  }
}

}  // namespace

const std::vector<std::string>& check_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list = {"builds"};
    for (const Check& check : kChecks) list.emplace_back(check.name);
    return list;
  }();
  return names;
}

std::vector<CheckResult> check_plugin(const PluginInfo& plugin, const std::function<void(const CheckResult&)>& before) {
  stand_in_device();       // before the first backward pass
  at::set_num_threads(1);  // the tensors are tiny; threads would only wait for each other
  const LayerFactories factories({plugin});
  std::vector<CheckResult> results;
  for (const LayerInfo& info : plugin.layers) {
    CheckResult built{info.name, "", "", "builds", false, ""};
    before(built);
    const LayerCases found = find_cases(factories, info);
    built.passed = found.fault.empty();
    built.detail = found.fault;
    results.push_back(built);
    for (const LayerCase& tried : found.cases) {
      for (const Check& check : kChecks) {
        CheckResult result{info.name, tried.changed, to_string(tried.input), check.name, false, ""};
        before(result);
        result.detail = run_guarded(check, {factories, tried});
        result.passed = result.detail.empty();
        results.push_back(result);
      }
    }
  }
  return results;
}

}  // namespace rxrun
