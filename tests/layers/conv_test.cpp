#include "rxrun/layers/conv.h"

#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include <ATen/Parallel.h>

#include "drawn_convolutions.h"
#include "kernels/instruction_set.h"
#include "oracle.h"
#include "rxrun/layers/linear.h"
#include "rxrun/layers/squeeze_excitation.h"
#include "training/autocast.h"

namespace rxrun::layers {
namespace {

using test::expect_formula;
using test::layer_error;
using test::Tensors;
using testing::HasSubstr;
using torch::Tensor;

// Convolution by its definition: windows as columns, then a matrix product in each group.
Tensor convolve(const Tensor& x, const Tensors& weights, const Conv::Options& options, const Extent& padding,
                const Shape& out) {
  const Extent &k = options.kernel, &d = options.dilation, &s = options.stride;
  const std::int64_t groups = options.groups;
  const Tensor columns = at::im2col(x, {k.height, k.width}, {d.height, d.width}, {padding.height, padding.width},
                                    {s.height, s.width});  // batch, channels · area, pixels
  const Tensor grouped = columns.reshape({x.size(0), groups, -1, columns.size(2)});
  const Tensor matrix = weights.at("weight").reshape({1, groups, options.channels / groups, -1});
  Tensor y = at::matmul(matrix, grouped).reshape({x.size(0), out[0], out[1], out[2]});
  if (options.bias) y = y + weights.at("bias").reshape({1, -1, 1, 1});
  return y;
}

struct ConvCase {
  Conv::Options options;
  Shape input;
  Extent padding;
  Shape output;
};

TEST(Conv, MatchesItsDefinition) {
  const std::vector<ConvCase> cases = {
      {{.channels = 6}, {4, 7, 5}, {1, 1}, {6, 7, 5}},
      {{.channels = 6, .stride = {2, 2}, .bias = true}, {4, 7, 6}, {1, 1}, {6, 4, 3}},
      {{.channels = 6, .kernel = {1, 1}}, {4, 7, 5}, {0, 0}, {6, 7, 5}},
      {{.channels = 8, .groups = 4, .bias = true}, {4, 5, 9}, {1, 1}, {8, 5, 9}},
      {{.channels = 4, .groups = 4}, {4, 5, 9}, {1, 1}, {4, 5, 9}},
      {{.channels = 3, .dilation = {2, 3}}, {2, 11, 12}, {2, 3}, {3, 11, 12}},
      {{.channels = 3, .kernel = {5, 3}, .stride = {1, 2}}, {2, 9, 9}, {2, 1}, {3, 9, 5}},
      {{.channels = 3, .kernel = {2, 4}}, {2, 9, 9}, {0, 1}, {3, 8, 8}},
      {{.channels = 3, .kernel = {3, 3}, .padding = Extent{0, 2}}, {2, 9, 9}, {0, 2}, {3, 7, 11}},
      {{.channels = 5, .kernel = {7, 7}, .stride = {2, 2}}, {3, 1, 1}, {3, 3}, {5, 1, 1}},
  };
  for (const ConvCase& test : cases) {
    Conv conv(test.options, test.input);
    ASSERT_EQ(conv.output_shape(), test.output);
    SCOPED_TRACE(to_string(test.output));
    expect_formula(conv, [&](const Tensor& x, const Tensors& weights) {
      return convolve(x, weights, test.options, test.padding, test.output);
    });
  }
}

// Groups of two, four and eight channels, of which the kernels take a part at least; sixteen only in small images.
const std::vector<ConvCase>& few_channels_a_group() {
  static const std::vector<ConvCase> cases = {
      {{.channels = 32, .groups = 16}, {32, 9, 9}, {1, 1}, {32, 9, 9}},
      {{.channels = 32, .stride = {2, 2}, .groups = 8}, {32, 9, 8}, {1, 1}, {32, 5, 4}},
      {{.channels = 32, .kernel = {5, 3}, .groups = 4}, {32, 6, 6}, {2, 1}, {32, 6, 6}},
      {{.channels = 32, .stride = {2, 2}, .groups = 4}, {32, 6, 6}, {1, 1}, {32, 3, 3}},
  };
  return cases;
}

// What the backward pass of a forward in channels-last memory is called: the kernels', or LibTorch's.
std::string backward_name(Conv& conv, torch::ScalarType type = torch::kFloat) {
  test::fill(conv);
  const Tensor x = test::random_batch(conv.input_shape(), 2).to(type).contiguous(at::MemoryFormat::ChannelsLast);
  return conv.forward(x).grad_fn()->name();
}

TEST(Conv, OfFewChannelsAGroupMatchesItsDefinition) {
  for (const ConvCase& test : few_channels_a_group()) {
    Conv conv(test.options, test.input);
    ASSERT_EQ(conv.output_shape(), test.output);
    SCOPED_TRACE(to_string(test.output));
    expect_formula(conv, [&](const Tensor& x, const Tensors& weights) {
      return convolve(x, weights, test.options, test.padding, test.output);
    });
  }
}

TEST(Conv, TakesItsKernelsWhereTheyApply) {
  if (kernels::best_instruction_set() == kernels::InstructionSet::portable) GTEST_SKIP() << "needs vectors of eight";
  for (const ConvCase& test : few_channels_a_group()) {
    Conv conv(test.options, test.input);
    EXPECT_THAT(backward_name(conv), HasSubstr("GroupedConvolution")) << to_string(test.output);
    EXPECT_THAT(backward_name(conv, torch::kBFloat16), HasSubstr("GroupedConvolution")) << to_string(test.output);
  }
  Conv small({.channels = 32, .groups = 2}, {32, 2, 2});
  EXPECT_THAT(backward_name(small, torch::kBFloat16), HasSubstr("GroupedConvolution"));
  const std::vector<Conv::Options> others = {
      {.channels = 32},
      {.channels = 32, .groups = 2},
      {.channels = 32, .groups = 32},
      {.channels = 64, .groups = 16},
      {.channels = 32, .dilation = {2, 2}, .groups = 16},
      {.channels = 32, .stride = {3, 3}, .groups = 16},
      {.channels = 32, .stride = {1, 2}, .groups = 16},
      {.channels = 32, .groups = 16, .bias = true},
  };
  for (const Conv::Options& options : others) {
    Conv conv(options, {32, 9, 9});
    EXPECT_THAT(backward_name(conv), Not(HasSubstr("GroupedConvolution")));
  }
}

// Inputs and weights are rounded before both are compared, so that results alone are rounded.
void expect_rounded_outputs_alone(Conv& conv, const ConvCase& test) {
  Tensor weight = test::fill(conv).at("weight");
  const auto rounded = [](const Tensor& tensor) { return tensor.detach().to(torch::kBFloat16); };
  weight.detach().copy_(rounded(weight));
  const Tensor x =
      rounded(test::random_batch(test.input, 5)).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
  const Tensor exact_x = x.detach().to(torch::kDouble).requires_grad_();
  const Tensor exact_weight = weight.detach().to(torch::kDouble).requires_grad_();
  const Tensor expected = convolve(exact_x, {{"weight", exact_weight}}, test.options, test.padding, test.output);
  const Tensor gradient = rounded(test::random_batch(test.output, 5, 4));
  expected.backward(gradient.to(torch::kDouble));
  const Tensor y = conv.forward(x);
  EXPECT_EQ(y.scalar_type(), torch::kBFloat16);
  y.backward(gradient);
  EXPECT_TRUE(at::allclose(y.to(torch::kDouble), expected, 1.0 / 256, 1e-5));
  EXPECT_TRUE(at::allclose(x.grad().to(torch::kDouble), exact_x.grad(), 1.0 / 256, 1e-5));
  EXPECT_EQ(weight.grad().scalar_type(), torch::kFloat);
  EXPECT_TRUE(at::allclose(weight.grad().to(torch::kDouble), exact_weight.grad(), 1e-4, 1e-4));
}

TEST(Conv, ComputesBfloat16InSinglePrecision) {
  if (kernels::best_instruction_set() == kernels::InstructionSet::portable)
    GTEST_SKIP() << "LibTorch rounds more often";
  std::vector<ConvCase> cases = few_channels_a_group();
  cases.push_back({{.channels = 32, .groups = 2}, {32, 2, 2}, {1, 1}, {32, 2, 2}});
  for (const ConvCase& test : cases) {
    SCOPED_TRACE(to_string(test.output));
    Conv conv(test.options, test.input);
    expect_rounded_outputs_alone(conv, test);
  }
}

// The largest difference over the largest number.
double apart(const Tensor& a, const Tensor& b) {
  const Tensor x = a.to(torch::kDouble), y = b.to(torch::kDouble);
  return ((x - y).abs().max() / y.abs().max()).item<double>();
}

// Output and gradients of a layer under autocast and without it, against the formula in double precision. All that goes
// in has 8 bits, and bfloat16 rounds what comes out once; the weight's gradient too, which LibTorch takes for a weight.
void expect_both_precisions(Layer& layer, const Tensor& images, const test::Formula& formula) {
  Tensors weights = test::fill(layer), exact;
  const auto rounded = [](const Tensor& tensor) { return tensor.detach().to(torch::kBFloat16).to(torch::kFloat); };
  for (auto& [name, tensor] : weights) {
    tensor.detach().copy_(rounded(tensor));
    exact[name] = tensor.detach().to(torch::kDouble).requires_grad_();
  }
  const Tensor exact_x = rounded(images).to(torch::kDouble).requires_grad_();
  const Tensor expected = formula(exact_x, exact);
  torch::manual_seed(4);
  const Tensor gradient = rounded(torch::randn(expected.sizes()));
  expected.backward(gradient.to(torch::kDouble));
  for (const Precision precision : {Precision::float32, Precision::bfloat16}) {
    const bool small = precision == Precision::bfloat16;
    const double tolerance = small ? 1.0 / 128 : 1e-5;
    SCOPED_TRACE(small ? "bfloat16" : "float32");
    const torch::ScalarType type = small ? torch::kBFloat16 : torch::kFloat;
    Tensor x = rounded(images).to(type);
    if (x.dim() == 4) x = x.contiguous(at::MemoryFormat::ChannelsLast);
    x.requires_grad_();
    Tensor y;
    {
      const Autocast autocast(precision, "cpu");
      y = layer.forward(x);
    }
    EXPECT_EQ(y.scalar_type(), type);
    y.backward(gradient.to(type));
    EXPECT_LT(apart(y.detach(), expected.detach()), tolerance) << "output";
    EXPECT_LT(apart(x.grad(), exact_x.grad()), tolerance) << "gradient of x";
    for (auto& [name, tensor] : weights) {
      EXPECT_LT(apart(tensor.grad(), exact[name].grad()), tolerance) << "gradient of " << name;
      tensor.mutable_grad().reset();
    }
  }
}

TEST(Conv, OfAnyShapeMatchesItsDefinitionInBothPrecisions) {
  test::DrawnConvolutions drawn;
  for (int i = 0; i < 100; ++i) {
    const test::DrawnConvolution test = drawn.draw();
    SCOPED_TRACE(testing::Message() << test);
    Conv conv(test.options, test.input);
    const Extent padding = same_padding(test.options.kernel, test.options.dilation);
    expect_both_precisions(conv, test::random_batch(test.input, test.batch),
                           [&](const Tensor& x, const Tensors& weights) {
                             return convolve(x, weights, test.options, padding, conv.output_shape());
                           });
  }
}

TEST(Conv, OfManyChannelsMatchesItsDefinitionInBothPrecisions) {
  const std::vector<ConvCase> cases = {{{.channels = 128}, {256, 6, 5}, {1, 1}, {128, 6, 5}},
                                       {{.channels = 256, .groups = 4}, {256, 7, 7}, {1, 1}, {256, 7, 7}},
                                       {{.channels = 96, .kernel = {1, 1}}, {512, 9, 9}, {0, 0}, {96, 9, 9}}};
  for (const ConvCase& test : cases) {
    SCOPED_TRACE(to_string(test.output));
    Conv conv(test.options, test.input);
    expect_both_precisions(conv, test::random_batch(test.input, 4), [&](const Tensor& x, const Tensors& weights) {
      return convolve(x, weights, test.options, test.padding, test.output);
    });
  }
}

TEST(Linear, MatchesItsDefinitionInBothPrecisions) {
  Linear layer({.features = 40}, {700});
  expect_both_precisions(layer, test::random_batch({700}, 48), [](const Tensor& x, const Tensors& weights) {
    return at::matmul(x, weights.at("weight").t()) + weights.at("bias");
  });
}

// 1×1 convolutions of as many channels as are computed as products of matrices, where that can be done.
const std::vector<ConvCase>& wide_pointwise() {
  static const std::vector<ConvCase> cases = {
      {{.channels = 96, .kernel = {1, 1}}, {64, 5, 4}, {0, 0}, {96, 5, 4}},
      {{.channels = 64, .kernel = {1, 1}, .stride = {2, 2}}, {80, 5, 4}, {0, 0}, {64, 3, 2}},
      {{.channels = 64, .kernel = {1, 1}, .stride = {1, 3}}, {64, 3, 7}, {0, 0}, {64, 3, 3}},
  };
  return cases;
}

// Whether it is computed as a product of matrices here. LibTorch's convolution does not take two types.
bool is_product(Conv& conv, torch::ScalarType type) {
  try {
    return backward_name(conv, type).find("Pointwise") != std::string::npos;
  } catch (const c10::Error&) {
    return false;
  }
}

TEST(Conv, OfOnePixelMatchesItsDefinition) {
  for (const ConvCase& test : wide_pointwise()) {
    SCOPED_TRACE(to_string(test.output));
    Conv conv(test.options, test.input);
    ASSERT_EQ(conv.output_shape(), test.output);
    expect_formula(conv, [&](const Tensor& x, const Tensors& weights) {
      return convolve(x, weights, test.options, test.padding, test.output);
    });
  }
}

TEST(Conv, OfOnePixelRoundsItsOutputsAlone) {
  for (const ConvCase& test : wide_pointwise()) {
    SCOPED_TRACE(to_string(test.output));
    Conv conv(test.options, test.input);
    if (!is_product(conv, torch::kBFloat16)) GTEST_SKIP() << "computed by LibTorch here";
    expect_rounded_outputs_alone(conv, test);
  }
}

TEST(Conv, OfOnePixelIsAProductOfMatricesWhereThatApplies) {
  Conv conv({.channels = 64, .kernel = {1, 1}}, {64, 3, 3});
  if (!is_product(conv, torch::kFloat)) GTEST_SKIP() << "no oneDNN of LibTorch's here";
  at::globalContext().setUserEnabledMkldnn(false);
  EXPECT_THAT(backward_name(conv), Not(HasSubstr("Pointwise"))) << "oneDNN is switched off";
  at::globalContext().setUserEnabledMkldnn(true);
  const std::vector<Conv::Options> others = {
      {.channels = 32, .kernel = {1, 1}},
      {.channels = 64, .kernel = {1, 1}, .groups = 2},
      {.channels = 64, .kernel = {1, 1}, .bias = true},
      {.channels = 64, .kernel = {1, 1}, .padding = Extent{1, 1}},
      {.channels = 64, .kernel = {1, 3}},
  };
  for (const Conv::Options& options : others) {
    Conv other(options, {64, 3, 3});
    EXPECT_THAT(backward_name(other), Not(HasSubstr("Pointwise")));
  }
}

// What else reads the image gives its gradient to the convolution, which adds it to its own.
TEST(Conv, PassesTheImageAndAddsItsGradient) {
  for (const ConvCase& test : wide_pointwise()) {
    for (const torch::ScalarType type : {torch::kFloat, torch::kBFloat16}) {
      SCOPED_TRACE(to_string(test.output));
      Conv conv(test.options, test.input);
      if (type == torch::kBFloat16 && !is_product(conv, type)) continue;
      test::fill(conv);
      torch::manual_seed(2);
      const Tensor image = at::randn({3, test.input[0], test.input[1], test.input[2]})
                               .to(type)
                               .contiguous(at::MemoryFormat::ChannelsLast);
      const Tensor x = image.clone().requires_grad_(), same = image.clone().requires_grad_();
      const auto [y, passed] = conv.forward_and_pass(x);
      EXPECT_TRUE(passed.equal(x));
      const Tensor expected = conv.forward(same);
      EXPECT_TRUE(y.equal(expected));
      const Tensor dy = at::randn(y.sizes()).to(type), beside = at::randn(x.sizes()).to(type);
      torch::autograd::backward({y, passed}, {dy, beside});
      torch::autograd::backward({expected, same * 1}, {dy, beside});
      const double unit = type == torch::kFloat ? 1e-6 : 1.0 / 128;  // the sum is rounded once, not twice
      EXPECT_TRUE(at::allclose(x.grad().to(at::kFloat), same.grad().to(at::kFloat), unit, 4 * unit));
    }
  }
}

TEST(Conv, PassesTheImageAlone) {
  Conv conv({.channels = 64, .kernel = {1, 1}}, {64, 4, 4});
  test::fill(conv);
  const Tensor x = at::randn({2, 64, 4, 4}).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
  const auto [y, passed] = conv.forward_and_pass(x);
  passed.sum().backward();
  EXPECT_TRUE(x.grad().equal(at::ones_like(x)));
}

// Of so many pixels that the sum over them is divided among the threads.
TEST(Conv, OfOnePixelGivesTheSameBitsEachTime) {
  const int threads = at::get_num_threads();
  at::set_num_threads(2);
  for (const torch::ScalarType type : {torch::kFloat, torch::kBFloat16}) {
    Conv conv({.channels = 64, .kernel = {1, 1}}, {64, 16, 16});
    if (!is_product(conv, type)) continue;
    const Tensor weight = test::fill(conv).at("weight");
    std::vector<Tensor> first;
    for (int time = 0; time < 5; ++time) {
      const Tensor x =
          test::random_batch({64, 16, 16}, 32).to(type).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
      const Tensor y = conv.forward(x);
      at::square(y).sum().backward();
      const std::vector<Tensor> results = {y.detach(), x.grad(), weight.grad().clone()};
      weight.mutable_grad().reset();
      if (first.empty()) first = results;
      for (std::size_t i = 0; i < results.size(); ++i) EXPECT_TRUE(results[i].equal(first[i])) << i;
    }
  }
  at::set_num_threads(threads);
}

TEST(Conv, DoesNotDependOnTheThreads) {
  Conv conv({.channels = 32, .groups = 8}, {32, 9, 9});
  Tensor weight = test::fill(conv).at("weight");
  const int threads = at::get_num_threads();
  std::vector<Tensor> outputs, gradients;
  for (const int count : {1, 2, 3}) {
    at::set_num_threads(count);
    const Tensor x = test::random_batch({32, 9, 9}, 21).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
    outputs.push_back(conv.forward(x));
    outputs.back().sum().backward();
    gradients.push_back(weight.grad().clone());
    weight.mutable_grad().reset();
  }
  at::set_num_threads(threads);
  if (kernels::best_instruction_set() == kernels::InstructionSet::portable)
    GTEST_SKIP() << "LibTorch promises this not";
  for (const std::size_t other : {1, 2}) {
    EXPECT_TRUE(outputs[0].equal(outputs[other]));
    EXPECT_TRUE(gradients[0].equal(gradients[other]));
  }
}

TEST(Conv, CountsOneMultiplyAddForEachWeightUsed) {
  EXPECT_EQ(Conv({.channels = 64, .kernel = {7, 7}, .stride = {2, 2}}, {3, 224, 224}).multiply_adds(), 118'013'952);
  EXPECT_EQ(Conv({.channels = 8, .groups = 4, .bias = true}, {4, 5, 5}).multiply_adds(), 8 * 25 * 9);
}

TEST(Conv, StartsFromTheVarianceOfItsFanOut) {
  Conv conv({.channels = 64, .groups = 2, .bias = true}, {32, 4, 4});
  conv.materialize(1, torch::kCPU);
  Tensor weight, bias;
  conv.visit_tensors(
      [&](const std::string& name, Layer::DeclaredTensor& t) { (name == "weight" ? weight : bias) = *t.slot; });
  EXPECT_NEAR(weight.std().item<double>(), std::sqrt(2.0 / (64 * 9)), 0.001);
  EXPECT_LE(bias.abs().max().item<double>(), 1.0 / std::sqrt(16 * 9));
  EXPECT_GT(bias.abs().max().item<double>(), 0.8 / std::sqrt(16 * 9));
}

TEST(Conv, RefusesWhatDoesNotFit) {
  EXPECT_THAT(layer_error([] { Conv({.channels = 4}, {512}); }), HasSubstr("not 512 features"));
  EXPECT_THAT(layer_error([] { Conv({}, {3, 4, 4}); }), HasSubstr("`channels` is 0"));
  EXPECT_THAT(layer_error([] { Conv({.channels = 4, .groups = 3}, {3, 4, 4}); }), HasSubstr("`groups` 3 must divide"));
  EXPECT_THAT(layer_error([] { Conv({.channels = 6, .groups = 3}, {4, 4, 4}); }), HasSubstr("`groups` 3 must divide"));
  EXPECT_THAT(layer_error([] { Conv({.channels = 6, .groups = 0}, {4, 4, 4}); }), HasSubstr("`groups` is 0"));
  EXPECT_THAT(layer_error([] {
                Conv({.channels = 1, .kernel = {5, 5}, .padding = Extent{0, 0}}, {1, 4, 9});
              }),
              HasSubstr("window of 5×5 pixels is larger than the image of 4×9"));
  EXPECT_THAT(layer_error([] { Conv({.channels = 1, .kernel = {0, 1}}, {1, 4, 4}); }), HasSubstr("kernel 0×1"));
  EXPECT_THAT(layer_error([] { Conv({.channels = 1, .stride = {1, 0}}, {1, 4, 4}); }), HasSubstr("stride 1×0"));
  EXPECT_THAT(layer_error([] {
                Conv({.channels = 1, .padding = Extent{-1, 0}}, {1, 4, 4});
              }),
              HasSubstr("padding -1×0"));
  EXPECT_THAT(layer_error([] { Conv({.channels = 1, .dilation = {INT64_MAX, 1}}, {1, 4, 4}); }), HasSubstr("dilation"));
  EXPECT_THAT(layer_error([] { Conv({.channels = INT64_MAX}, {3, 4, 4}); }), HasSubstr("64 bits"));
}

TEST(Linear, MatchesItsDefinition) {
  Linear linear({.features = 5}, {7});
  EXPECT_EQ(linear.output_shape(), (Shape{5}));
  EXPECT_EQ(linear.multiply_adds(), 35);
  expect_formula(linear, [](const Tensor& x, const Tensors& w) {
    return (x.unsqueeze(1) * w.at("weight").unsqueeze(0)).sum(2) + w.at("bias");
  });
  Linear plain({.features = 2, .bias = false}, {3});
  EXPECT_EQ(plain.tensors().size(), 1u);
  expect_formula(plain, [](const Tensor& x, const Tensors& w) { return at::matmul(x, w.at("weight").t()); });
}

TEST(Linear, StartsAsPyTorchs) {
  Linear linear({.features = 50}, {100});
  linear.materialize(1, torch::kCPU);
  linear.visit_tensors([](const std::string&, Layer::DeclaredTensor& tensor) {
    EXPECT_LE(tensor.slot->abs().max().item<double>(), 0.1);
    EXPECT_GT(tensor.slot->abs().max().item<double>(), 0.08);
  });
}

TEST(Linear, RefusesWhatDoesNotFit) {
  EXPECT_THAT(layer_error([] { Linear({.features = 5}, {7, 2, 2}); }), HasSubstr("not an image of 7×2×2"));
  EXPECT_THAT(layer_error([] { Linear({}, {7}); }), HasSubstr("`features` is missing"));
  EXPECT_THAT(layer_error([] { Linear({.features = 0}, {7}); }), HasSubstr("`features` is 0"));
}

TEST(SqueezeExcitation, MatchesItsDefinition) {
  SqueezeExcitation layer({.reduction = 3}, {7, 4, 5});
  EXPECT_EQ(layer.output_shape(), (Shape{7, 4, 5}));
  expect_formula(layer, [](const Tensor& x, const Tensors& w) {
    const Tensor mean = x.mean({2, 3});
    const Tensor inner = at::clamp_min(at::matmul(mean, w.at("fc1.weight").flatten(1).t()) + w.at("fc1.bias"), 0);
    const Tensor scale = at::sigmoid(at::matmul(inner, w.at("fc2.weight").flatten(1).t()) + w.at("fc2.bias"));
    return x * scale.reshape({x.size(0), -1, 1, 1});
  });
  EXPECT_EQ(layer.children()[0].layer->output_shape(), (Shape{2, 1, 1}));
}

TEST(SqueezeExcitation, RefusesWhatDoesNotFit) {
  EXPECT_THAT(layer_error([] { SqueezeExcitation({.reduction = 16}, {8, 4, 4}); }), HasSubstr("1 to 8"));
  EXPECT_THAT(layer_error([] { SqueezeExcitation({.reduction = 0}, {8, 4, 4}); }), HasSubstr("1 to 8"));
  EXPECT_THAT(layer_error([] { SqueezeExcitation({}, {8}); }), HasSubstr("8 features"));
}

}  // namespace
}  // namespace rxrun::layers
