#include "timing/step_times.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "network/forward.h"
#include "network/summary.h"
#include "rxrun/layer.h"
#include "training/autocast.h"
#include "training/evaluate.h"
#include "training/train_epoch.h"
#include "training/translate.h"

namespace rxrun {
namespace {

constexpr std::int64_t warm_up = 2;

// Seconds, once the device has done what it was asked for.
class Stopwatch {
 public:
  Stopwatch(const std::string& device, Clock clock)
      : cuda_(device.starts_with("cuda")), device_(device), clock_(std::move(clock)) {}

  double now() const {
    if (cuda_) at::detail::getCUDAHooks().deviceSynchronize(device_.index());
    return clock_();
  }

 private:
  bool cuda_;
  at::Device device_;
  Clock clock_;
};

// Seconds of every repeat.
struct Repeats {
  std::vector<double> forward, backward;
};

// Random numbers that stand for any tensor of their type.
class Pool {
 public:
  Pool(std::int64_t numbers, at::Device device)
      : float32_(at::randn({numbers}, at::TensorOptions(at::kFloat).device(device))),
        bfloat16_(float32_.to(at::kBFloat16)) {}

  // Channels last where there are channels.
  at::Tensor view(const std::vector<std::int64_t>& shape, at::ScalarType type) const {
    const at::Tensor& from = type == at::kBFloat16 ? bfloat16_ : float32_;
    const std::int64_t count = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
    const at::Tensor numbers = from.narrow(0, 0, count);
    if (shape.size() != 4) return numbers.view(shape);
    return numbers.view({shape[0], shape[2], shape[3], shape[1]}).permute({0, 3, 1, 2});
  }

 private:
  at::Tensor float32_, bfloat16_;
};

std::vector<std::int64_t> with_batch(std::int64_t batch, const Shape& shape) {
  std::vector<std::int64_t> all = {batch};
  all.insert(all.end(), shape.begin(), shape.end());
  return all;
}

std::int64_t largest_tensor(const Network& network, std::int64_t batch) {
  std::int64_t most = num_elements(network.input);
  const auto look = [&](const Layer& layer) {
    most = std::max({most, num_elements(layer.input_shape()), num_elements(layer.output_shape())});
  };
  for (const NetworkLayer& layer : network.layers) {
    look(*layer.module);
    layer.module->visit_layers([&](const std::string&, const std::string&, Layer& inner) { look(inner); }, layer.path);
  }
  return batch * most;
}

// Steps as a training takes them, and steps in parts: for these the weights move after the backward pass and not
// during it, so that the optimizer's time is not in the layers'.
class StepTimer {
 public:
  StepTimer(Network& network, const Experiment& experiment, const Machine& machine, const Pool& pool,
            const Clock& clock)
      : network_(network),
        machine_(machine),
        watch_(machine.device, clock),
        loss_(experiment.training.loss, std::vector<std::int64_t>(static_cast<std::size_t>(network.classes), 1),
              machine.device),
        optimizer_(experiment.training.optimizer, trainable_parameters(network)),
        update_{.rate = Schedule(experiment.training.schedule, experiment.training.optimizer.lr,
                                 experiment.training.epochs, 1)
                            .rate(0, 0),
                .max_norm = experiment.training.clip_gradient_norm},
        pixels_(pool.view(with_batch(experiment.data.batch, network.input), at::kFloat)),
        labels_(at::arange(experiment.data.batch, at::kLong).remainder(network.classes).to(at::Device(machine.device))),
        layers(network.layers.size()) {
    if (experiment.training.average_weights > 0.0) average_.emplace(network, experiment.training.average_weights);
  }

  void whole() {
    reseed(network_, ++number_);
    const double began = watch_.now();
    const at::Tensor value = loss_.mean(logits({}), labels_);
    value.item<float>();
    Optimizer::Step update = update_;
    update.differentiate = [&] { backward(value); };
    move(update);
    steps.push_back(watch_.now() - began);
  }

  void in_parts() {
    reseed(network_, ++number_);
    std::vector<double> after(network_.layers.size()), gradient(network_.layers.size());
    const double began = watch_.now();
    const at::Tensor output = logits([&](const NetworkLayer& layer, const at::Tensor& y) {
      const auto i = static_cast<std::size_t>(&layer - network_.layers.data());
      if (y.requires_grad()) y.register_hook([&, i](const at::Tensor&) { gradient[i] = watch_.now(); });
      after[i] = watch_.now();
    });
    const at::Tensor value = loss_.mean(output, labels_);
    value.item<float>();
    const double lost = watch_.now();
    backward(value);
    const double back = watch_.now();
    move(update_);
    optimizer.push_back(watch_.now() - back);
    for (std::size_t i = 0; i < after.size(); ++i) {
      layers[i].forward.push_back(after[i] - (i == 0 ? began : after[i - 1]));
      // Of a layer without anything to learn before it no gradient is asked for.
      const double end = i == 0 || gradient[i - 1] == 0.0 ? back : gradient[i - 1];
      layers[i].backward.push_back(gradient[i] == 0.0 ? 0.0 : end - gradient[i]);
    }
    loss.forward.push_back(lost - after.back());
    loss.backward.push_back(gradient.back() - lost);
  }

 private:
  at::Tensor logits(const AfterLayer& after_layer) const {
    const Autocast autocast(machine_.precision, machine_.device);
    return forward(network_, pixels_, after_layer);
  }
  void move(const Optimizer::Step& update) { average_ ? average_->step(optimizer_, update) : optimizer_.step(update); }

  Network& network_;
  const Machine& machine_;
  Stopwatch watch_;
  Loss loss_;
  Optimizer optimizer_;
  std::optional<WeightAverage> average_;
  Optimizer::Step update_;
  at::Tensor pixels_, labels_;
  std::uint64_t number_ = 0;

 public:
  std::vector<Repeats> layers;
  Repeats loss;
  std::vector<double> optimizer, steps;
};

// A layer inside a block, on its own.
class LayerTimer {
 public:
  LayerTimer(Layer& layer, const Machine& machine, const Pool& pool, std::int64_t batch, const Clock& clock)
      : layer_(layer),
        machine_(machine),
        watch_(machine.device, clock),
        pool_(pool),
        input_(pool.view(with_batch(batch, layer.input_shape()),
                         machine.precision == Precision::bfloat16 ? at::kBFloat16 : at::kFloat)) {}

  void run() {
    at::Tensor x = input_.detach().requires_grad_();
    const double began = watch_.now();
    at::Tensor y;
    {
      const Autocast autocast(machine_.precision, machine_.device);
      y = layer_.forward(x);
    }
    const double middle = watch_.now();
    repeats.forward.push_back(middle - began);
    const at::Tensor gradient = pool_.view(y.sizes().vec(), y.scalar_type());
    const double back = watch_.now();
    y.backward(gradient);
    repeats.backward.push_back(watch_.now() - back);
    layer_.visit_tensors(
        [](const std::string&, Layer::DeclaredTensor& tensor) { tensor.slot->mutable_grad() = at::Tensor(); });
  }

  Repeats repeats;

 private:
  Layer& layer_;
  const Machine& machine_;
  Stopwatch watch_;
  const Pool& pool_;
  at::Tensor input_;
};

template <typename Values>
void forget_warm_up(Values& values) {
  values.erase(values.begin(),
               values.begin() + std::min<std::ptrdiff_t>(warm_up, static_cast<std::ptrdiff_t>(values.size())));
}

Repeats warm(Repeats repeats) {
  forget_warm_up(repeats.forward);
  forget_warm_up(repeats.backward);
  return repeats;
}

// Multiply-adds of each row and all that it is made of: those right before it that are deeper.
std::vector<std::int64_t> whole_multiply_adds(const std::vector<SummaryRow>& rows) {
  std::vector<std::int64_t> whole;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::int64_t sum = rows[i].multiply_adds;
    for (std::size_t k = i; k-- > 0 && rows[k].depth > rows[i].depth;) sum += rows[k].multiply_adds;
    whole.push_back(sum);
  }
  return whole;
}

PartTime part_of(const SummaryRow& row, bool alone, bool needs_input_gradient, const Repeats& repeats,
                 std::int64_t flop) {
  return {.name = row.name,
          .path = row.path,
          .depth = row.depth,
          .alone = alone,
          .forward = timing_of(repeats.forward),
          .backward = timing_of(repeats.backward),
          .forward_flop = flop,
          .backward_flop = needs_input_gradient ? 2 * flop : flop};
}

// What is in no row: views, the hooks themselves.
PartTime rest_of(const Measurement& measurement) {
  double sum = 0.0;
  for (const PartTime& part : measurement.parts)
    if (!part.alone) sum += part.forward.seconds + part.backward.seconds;
  return {.name = "rest", .path = {}, .forward = {std::max(0.0, measurement.step.seconds - sum), 0.0}, .backward = {}};
}

Measurement measure(Network& network, const Experiment& experiment, const Machine& machine, std::int64_t steps,
                    int depth, const Clock& clock) {
  const std::int64_t batch = experiment.data.batch;
  prepare(network, experiment.seed, machine.device);
  set_training(network, true);
  const Pool pool(largest_tensor(network, batch), at::Device(machine.device));
  StepTimer step(network, experiment, machine, pool, clock);
  std::map<std::string, LayerTimer> inner;
  const Summary summary = summarize(network);
  std::set<std::string> wanted;
  for (const SummaryRow& row : summary.rows)
    if (row.depth > 1 && (depth == 0 || row.depth <= depth)) wanted.insert(row.path);
  for (const NetworkLayer& layer : network.layers)
    layer.module->visit_layers(
        [&](const std::string& path, const std::string&, Layer& one) {
          if (wanted.contains(path)) inner.try_emplace(path, one, machine, pool, batch, clock);
        },
        layer.path);

  double peak = peak_flops(machine.precision, machine.device);
  for (std::int64_t i = 0; i < warm_up + steps; ++i) {
    step.whole();
    step.in_parts();
    for (auto& [path, timer] : inner) timer.run();
  }
  peak = std::max(peak, peak_flops(machine.precision, machine.device));

  forget_warm_up(step.steps);
  forget_warm_up(step.optimizer);
  Measurement measurement{.input = network.input,
                          .batch = batch,
                          .steps = steps,
                          .device = machine.device,
                          .precision = to_string(machine.precision),
                          .cpu = machine.cpu,
                          .instruction_set = machine.instruction_set,
                          .libtorch = machine.libtorch,
                          .threads = machine.threads,
                          .peak_flops = peak,
                          .step = timing_of(step.steps),
                          .parts = {},
                          .loader = std::nullopt};
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < network.layers.size(); ++i) place[network.layers[i].path] = i;
  const std::vector<std::int64_t> multiply_adds = whole_multiply_adds(summary.rows);
  for (std::size_t i = 0; i < summary.rows.size(); ++i) {
    const SummaryRow& row = summary.rows[i];
    const std::int64_t flop = 2 * multiply_adds[i] * batch;
    const bool alone = row.depth > 1;
    if (alone && !wanted.contains(row.path)) continue;
    const std::size_t layer = alone ? 1 : place.at(row.path);
    measurement.parts.push_back(
        part_of(row, alone, layer > 0, warm(alone ? inner.at(row.path).repeats : step.layers[layer]), flop));
  }
  const Repeats loss = warm(step.loss);
  measurement.parts.push_back(
      {.name = "loss", .path = {}, .forward = timing_of(loss.forward), .backward = timing_of(loss.backward)});
  measurement.parts.push_back({.name = "optimizer", .path = {}, .forward = timing_of(step.optimizer), .backward = {}});
  measurement.parts.push_back(rest_of(measurement));
  return measurement;
}

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double peak_flops(Precision precision, const std::string& device) {
  constexpr std::int64_t side = 2048;
  constexpr int repeats = 8;
  const at::NoGradGuard no_gradient;
  const at::ScalarType type = precision == Precision::bfloat16 ? at::kBFloat16 : at::kFloat;
  const at::Tensor a = at::randn({side, side}, at::TensorOptions(at::kFloat).device(at::Device(device))).to(type);
  // The same product as a 1×1 convolution: LibTorch asks one library for products of matrices and another for
  // convolutions, and the first may not know this processor.
  const at::Tensor image = a.view({1, side / 64, 64, side}).permute({0, 3, 1, 2});
  const at::Tensor weight = a.view({side, side, 1, 1});
  const Stopwatch watch(device, steady_seconds);
  double best = 0.0;
  for (int i = 0; i < repeats; ++i) {
    const double began = watch.now();
    const at::Tensor product = at::mm(a, a);
    const double middle = watch.now();
    const at::Tensor convolved = at::conv2d(image, weight);
    const double shorter = std::min(middle - began, watch.now() - middle);
    best = std::max(best, 2.0 * side * side * side / shorter);
  }
  return best;
}

Measurement measure_step(Network& network, const Experiment& experiment, const Machine& machine, std::int64_t steps,
                         int depth, const Clock& clock) {
  return translated([&] { return measure(network, experiment, machine, steps, depth, clock); });
}

}  // namespace rxrun
