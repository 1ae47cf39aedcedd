#include "rxrun/layers/activations.h"

#include <gtest/gtest.h>

#include "oracle.h"

namespace rxrun::layers {
namespace {

using test::expect_formula;
using test::Tensors;
using torch::Tensor;

const Shape image = {4, 5, 3};

Tensor logistic(const Tensor& x) { return 1 / (1 + at::exp(-x)); }

template <typename L>
void expect_activation(const typename L::Options& options, const std::function<Tensor(const Tensor&)>& formula) {
  for (const Shape& shape : {image, Shape{17}}) {
    L layer(options, shape);
    EXPECT_EQ(layer.output_shape(), shape);
    EXPECT_EQ(layer.multiply_adds(), 0);
    EXPECT_TRUE(layer.tensors().empty());
    expect_formula(layer, [&](const Tensor& x, const Tensors&) { return formula(x); });
  }
}

TEST(Activations, Relu) {
  expect_activation<Relu>({}, [](const Tensor& x) { return (x + at::abs(x)) / 2; });
}
TEST(Activations, Silu) {
  expect_activation<Silu>({}, [](const Tensor& x) { return x * logistic(x); });
}
TEST(Activations, Sigmoid) { expect_activation<Sigmoid>({}, logistic); }
TEST(Activations, Tanh) {
  expect_activation<Tanh>({}, [](const Tensor& x) { return 2 * logistic(2 * x) - 1; });
}
TEST(Activations, Hardswish) {
  expect_activation<Hardswish>({}, [](const Tensor& x) { return x * at::clamp(x + 3, 0, 6) / 6; });
}
TEST(Activations, LeakyRelu) {
  expect_activation<LeakyRelu>({.slope = 0.2}, [](const Tensor& x) { return at::where(x > 0, x, 0.2 * x); });
}
TEST(Activations, Elu) {
  expect_activation<Elu>({.alpha = 1.5}, [](const Tensor& x) { return at::where(x > 0, x, 1.5 * (at::exp(x) - 1)); });
}
TEST(Activations, Gelu) {
  expect_activation<Gelu>({}, [](const Tensor& x) { return x * (1 + at::erf(x / std::sqrt(2.0))) / 2; });
  expect_activation<Gelu>({.approximate = "tanh"}, [](const Tensor& x) {
    return x * (1 + at::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))) / 2;
  });
  EXPECT_EQ(test::layer_error([] { Gelu({.approximate = "erf"}, {3}); }),
            "`approximate` is \"erf\": it must be none or tanh");
}

}  // namespace
}  // namespace rxrun::layers
