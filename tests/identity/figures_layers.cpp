#include <torch/types.h>

#include "figures.h"
#include "plugin/layer_table.h"
#include "plugin/layer_under_test.h"

namespace rxrun::test {
namespace {

constexpr std::int64_t kBatch = 3;

torch::Tensor fixed_tensor(const torch::IntArrayRef sizes, std::uint64_t key) {
  torch::Tensor tensor = at::empty(sizes, torch::TensorOptions(torch::kFloat));
  const std::vector<float> values = fixed_values(static_cast<std::size_t>(tensor.numel()), key);
  std::copy(values.begin(), values.end(), tensor.data_ptr<float>());
  return tensor;
}

void add(const torch::Tensor& tensor, std::vector<double>& numbers) {
  const torch::Tensor values = tensor.detach().to(torch::kFloat).contiguous();
  summarize_into(values.data_ptr<float>(), static_cast<std::size_t>(values.numel()), numbers);
}

// Output, the gradient of the input and of each parameter, in training; output in evaluation. A layer that draws
// random numbers takes them from LibTorch's generator, which differs between builds: of it, evaluation alone.
std::vector<double> numbers_of(const LayerFactories& factories, const LayerCase& tried) {
  std::vector<double> numbers;
  Shape sizes = tried.input;
  sizes.insert(sizes.begin(), kBatch);
  torch::Tensor x = fixed_tensor(sizes, 1).requires_grad_();
  LayerUnderTest evaluated(factories, tried, 1, false);
  add(evaluated.forward(x), numbers);
  LayerUnderTest trained(factories, tried, 1, true);
  bool draws = trained.layer->draws_random();
  trained.layer->visit_layers(
      [&](const std::string&, const std::string&, Layer& layer) { draws = draws || layer.draws_random(); });
  if (draws) return numbers;
  const torch::Tensor y = trained.forward(x);
  add(y, numbers);
  (y * fixed_tensor(y.sizes(), 2)).sum().backward();
  add(x.grad(), numbers);
  std::vector<torch::Tensor> gradients;
  for (const auto& [name, tensor] : trained.tensors())
    if (tensor.requires_grad() && tensor.grad().defined()) gradients.push_back(tensor.grad().contiguous().flatten());
  if (!gradients.empty()) add(at::cat(gradients), numbers);
  return numbers;
}

std::string label_of(const LayerCase& tried) {
  return (tried.changed.empty() ? std::string("{}") : "{" + tried.changed + "}") + " of " + to_string(tried.input);
}

}  // namespace

Figures layer_figures(const PluginInfo& plugin, const LayerInfo& layer) {
  Figures figures{.revision = layer.revision, .defaults = {}, .outputs = {}};
  for (const OptionInfo& option : layer.options) {
    const bool none = std::holds_alternative<std::monostate>(option.default_value);
    figures.defaults[option.name] = option.required()          ? "required"
                                    : option.number_of_classes ? "number of classes"
                                    : none                     ? "computed"
                                                               : to_text(option.default_value);
  }
  const LayerFactories factories({plugin});
  const LayerCases found = find_cases(factories, layer);
  for (const LayerCase& tried : found.cases) {
    const bool other_input = tried.changed == found.cases.front().changed && &tried != &found.cases.front();
    if (!other_input) figures.outputs[label_of(tried)] = numbers_of(factories, tried);
  }
  return figures;
}

}  // namespace rxrun::test
