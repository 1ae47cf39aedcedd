#include "plugin/layer_under_test.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

namespace rxrun {

LayerUnderTest::LayerUnderTest(const LayerFactories& factories, const LayerCase& tried, std::uint64_t seed,
                               bool training)
    : layer(factories.make(tried.info.name, tried.options, tried.input)) {
  layer->materialize(seed, torch::kCPU, "layer");
  layer->set_training(training);
}

void LayerUnderTest::to_double() {
  layer->visit_tensors([](const std::string&, Layer::DeclaredTensor& tensor) {
    if (!at::isFloatingType(tensor.type)) return;
    torch::Tensor converted = tensor.slot->detach().to(torch::kDouble);
    if (tensor.trainable) converted.requires_grad_();
    *tensor.slot = converted;
  });
}

void LayerUnderTest::disturb() {
  const torch::NoGradGuard no_gradients;
  std::uint64_t seed = 100;
  layer->visit_tensors([&](const std::string&, Layer::DeclaredTensor& tensor) {
    if (!tensor.trainable) return;
    tensor.slot->add_(0.1 * at::randn(tensor.slot->sizes(), at::detail::createCPUGenerator(++seed),
                                      tensor.slot->options().requires_grad(false)));
  });
}

torch::Tensor LayerUnderTest::forward(const torch::Tensor& x, std::uint64_t step) {
  layer->reseed(step, "layer");
  torch::Tensor y = layer->forward(x);
  if (!y.defined()) throw LayerError("forward returns no tensor");
  return y;
}

std::vector<std::pair<std::string, torch::Tensor>> LayerUnderTest::tensors() {
  std::vector<std::pair<std::string, torch::Tensor>> list;
  layer->visit_tensors(
      [&](const std::string& name, Layer::DeclaredTensor& tensor) { list.emplace_back(name, *tensor.slot); });
  return list;
}

torch::Tensor test_input(const Shape& shape, std::int64_t batch, std::uint64_t seed, torch::ScalarType type) {
  Shape sizes = shape;
  sizes.insert(sizes.begin(), batch);
  return at::randn(sizes, at::detail::createCPUGenerator(seed), torch::TensorOptions(torch::kDouble)).to(type);
}

std::string difference(const torch::Tensor& a, const torch::Tensor& b, double tolerance) {
  if (a.sizes() != b.sizes()) return "the shapes differ";
  if (tolerance == 0.0) {
    if (at::equal(a, b)) return {};
    if (at::isnan(a).logical_and(at::isnan(b)).any().item<bool>()) return "values are not numbers";
  }
  const torch::Tensor x = a.detach().to(torch::kDouble), y = b.detach().to(torch::kDouble);
  const double largest = x.abs().max().item<double>();
  const double apart = (x - y).abs().max().item<double>();
  if (tolerance > 0.0 && apart <= tolerance * (1.0 + largest)) return {};
  return fmt::format("values differ by up to {:.3g} (the largest is {:.3g})", apart, largest);
}

namespace {

// A step may cross a kink (of a ReLU, of a maximum), where both derivatives are right; a smaller one then does not. A
// wrong gradient stays wrong at every step.
constexpr double kSteps[] = {1e-6, 1e-7, 1e-8};
constexpr double kTolerance = 1e-4;
constexpr int kDirections = 3;
constexpr const char* kInDouble = " (the comparison is in double precision: forward must not cast to another type)";

// The sum of the outputs, each weighted, so that every one of them counts.
double weighted_sum(LayerUnderTest& tested, const torch::Tensor& x, const torch::Tensor& weights) {
  const torch::NoGradGuard no_gradients;
  return (tested.forward(x) * weights).sum().item<double>();
}

// `slot` is the input or a parameter; `evaluate` gives the weighted sum with the slot's present values.
std::string compare_direction(const std::string& what, torch::Tensor& slot, const torch::Tensor& gradient,
                              int direction, const std::function<double()>& evaluate) {
  const torch::NoGradGuard no_gradients;
  torch::Tensor along =
      at::randn(slot.sizes(), at::detail::createCPUGenerator(90 + direction), slot.options().requires_grad(false));
  along /= along.norm();
  const double analytic = (gradient * along).sum().item<double>();
  const torch::Tensor original = slot.detach().clone();
  const auto value_at = [&](double distance) {
    slot.detach().copy_(original + distance * along);
    const double value = evaluate();
    slot.detach().copy_(original);
    return value;
  };
  double numerical = 0.0;
  for (const double step : kSteps) {
    const double above = value_at(step), below = value_at(-step);
    numerical = (above - below) / (2.0 * step);
    const double rounding = 1e-15 * (std::abs(above) + std::abs(below)) / step + 1e-7;
    if (std::abs(numerical - analytic) <= kTolerance * (std::abs(numerical) + std::abs(analytic)) + rounding) return {};
  }
  return fmt::format("the derivative with respect to {} is {:.6g}; finite differences give {:.6g}{}", what, analytic,
                     numerical, kInDouble);
}

std::string compare_slot(const std::string& what, torch::Tensor& slot, const std::function<double()>& evaluate) {
  if (!slot.grad().defined()) return "no gradient reaches " + what;
  const torch::Tensor gradient = slot.grad().clone();
  for (int direction = 0; direction < kDirections; ++direction) {
    const std::string fault = compare_direction(what, slot, gradient, direction, evaluate);
    if (!fault.empty()) return fault;
  }
  return {};
}

}  // namespace

std::string gradient_fault(const LayerFactories& factories, const LayerCase& tried, bool training) {
  LayerUnderTest tested(factories, tried, 3, training);
  tested.to_double();
  tested.disturb();
  torch::Tensor x = test_input(tried.input, 4, 11, torch::kDouble).requires_grad_();
  const torch::Tensor y = tested.forward(x);
  if (y.scalar_type() != torch::kDouble)
    return std::string("the output for an input in double precision is ") + c10::toString(y.scalar_type()) + kInDouble;
  if (!y.requires_grad()) return "the output is cut off from the input: no gradient flows back";
  const torch::Tensor weights =
      at::randn(y.sizes(), at::detail::createCPUGenerator(12), y.options().requires_grad(false));
  (y * weights).sum().backward();
  const auto evaluate = [&] { return weighted_sum(tested, x, weights); };
  std::string fault = compare_slot("the input", x, evaluate);
  tested.layer->visit_tensors([&](const std::string& name, Layer::DeclaredTensor& tensor) {
    if (tensor.trainable && fault.empty()) fault = compare_slot("`" + name + "`", *tensor.slot, evaluate);
  });
  return fault;
}

}  // namespace rxrun
