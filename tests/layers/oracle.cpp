#include "oracle.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

namespace rxrun::test {
namespace {

torch::Tensor normal(at::IntArrayRef sizes, std::uint64_t seed) {
  torch::Generator generator = at::detail::createCPUGenerator(seed);
  return torch::empty(sizes, torch::kDouble).normal_(0.0, 1.0, generator);
}

void expect_close(const torch::Tensor& actual, const torch::Tensor& expected, double tolerance,
                  const std::string& what) {
  ASSERT_TRUE(actual.defined()) << what;
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  const double scale = std::max(1.0, expected.abs().max().item<double>());
  const double error = (actual.to(torch::kDouble) - expected).abs().max().item<double>();
  EXPECT_LE(error, tolerance * scale) << what;
}

void compare(Layer& layer, const Tensors& weights, const Formula& formula, const torch::Tensor& images,
             double tolerance, const std::string& layout) {
  Tensors exact;
  for (const auto& [name, tensor] : weights) {
    exact[name] = tensor.detach().to(torch::kDouble).requires_grad_(tensor.requires_grad());
  }
  const torch::Tensor exact_x = images.detach().to(torch::kDouble).requires_grad_();
  const torch::Tensor expected = formula(exact_x, exact);
  const torch::Tensor gradient = normal(expected.sizes(), 11);
  expected.backward(gradient);

  torch::Tensor x = images.detach().clone().requires_grad_();
  const torch::Tensor before = x.detach().clone();
  const torch::Tensor actual = layer.forward(x);
  Shape declared = layer.output_shape();
  declared.insert(declared.begin(), images.size(0));
  EXPECT_EQ(actual.sizes(), at::IntArrayRef(declared)) << layout;
  EXPECT_EQ(actual.scalar_type(), torch::kFloat);
  expect_close(actual, expected.detach(), tolerance, "output, " + layout);
  actual.backward(gradient.to(torch::kFloat));
  EXPECT_TRUE(x.detach().equal(before)) << "the input was changed";
  expect_close(x.grad(), exact_x.grad(), tolerance, "gradient of x, " + layout);
  for (const auto& [name, tensor] : weights) {
    if (!tensor.requires_grad()) continue;
    expect_close(tensor.grad(), exact[name].grad(), tolerance, "gradient of " + name + ", " + layout);
    tensor.mutable_grad().reset();
  }
  if (layout == "channels last" && actual.dim() == 4) {
    EXPECT_TRUE(actual.is_contiguous(at::MemoryFormat::ChannelsLast)) << "the memory layout was lost";
  }
}

}  // namespace

torch::Tensor random_batch(const Shape& shape, std::int64_t batch, std::uint64_t seed) {
  Shape sizes = shape;
  sizes.insert(sizes.begin(), batch);
  return normal(sizes, seed).to(torch::kFloat);
}

Tensors fill(Layer& layer, std::uint64_t seed) {
  layer.materialize(seed, torch::kCPU);
  layer.reseed(seed);
  Tensors tensors;
  const torch::NoGradGuard no_gradients;
  layer.visit_tensors([&](const std::string& name, Layer::DeclaredTensor& tensor) {
    torch::Tensor& values = *tensor.slot;
    if (values.is_floating_point()) {
      values.copy_(normal(values.sizes(), ++seed) * 0.5);
      if (name.ends_with("running_var")) values.abs_().add_(0.5);
    }
    tensors[name] = values;
  });
  return tensors;
}

void expect_formula(Layer& layer, const Formula& formula, std::int64_t batch, double tolerance) {
  const Tensors weights = fill(layer);
  const torch::Tensor x = random_batch(layer.input_shape(), batch);
  compare(layer, weights, formula, x, tolerance, "contiguous");
  if (x.dim() == 4)
    compare(layer, weights, formula, x.contiguous(at::MemoryFormat::ChannelsLast), tolerance, "channels last");
}

std::string layer_error(const std::function<void()>& make) {
  try {
    make();
  } catch (const LayerError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace rxrun::test
