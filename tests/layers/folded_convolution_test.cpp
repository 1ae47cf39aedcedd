#include "src/folded_convolution.h"

#include <gtest/gtest.h>

#include "drawn_convolutions.h"
#include "oracle.h"
#include "rxrun/layers/residual.h"

namespace rxrun::layers {
namespace {

using torch::Tensor;

// A convolution and its batch norm, filled with random numbers, in evaluation.
struct Pair {
  explicit Pair(const Conv::Options& options, const Shape& input)
      : conv(options, input), norm({}, conv.output_shape()), folded(conv, norm) {
    test::fill(conv);
    statistics = test::fill(norm);
    conv.set_training(false);
    norm.set_training(false);
  }
  Conv conv;
  BatchNorm norm;
  test::Tensors statistics;
  FoldedConvolution folded;
};

Tensor image(const Shape& shape, std::int64_t batch, torch::ScalarType type = torch::kFloat, std::uint64_t seed = 3) {
  return test::random_batch(shape, batch, seed).to(type).contiguous(at::MemoryFormat::ChannelsLast);
}

// Whether convolutions are folded at all where this runs.
bool folds() {
  const torch::NoGradGuard no_gradients;
  Pair pair({.channels = 32}, {32, 4, 4});
  return pair.folded.forward(image({32, 4, 4}, 1), {}, false).defined();
}

// The largest difference over the largest number.
double apart(const Tensor& a, const Tensor& b) {
  const Tensor x = a.to(torch::kDouble), y = b.to(torch::kDouble);
  return ((x - y).abs().max() / y.abs().max()).item<double>();
}

// A part in 200,000 in float32; in bfloat16 three roundings to 8 bits, one of them of the folded weights.
constexpr double float32_tolerance = 5e-6, bfloat16_tolerance = 0.02;

const std::vector<Conv::Options>& convolutions() {
  static const std::vector<Conv::Options> all = {
      {.channels = 64, .kernel = {1, 1}},
      {.channels = 48, .kernel = {1, 1}, .stride = {2, 2}, .bias = true},
      {.channels = 32, .groups = 16},
      {.channels = 32, .kernel = {3, 5}, .stride = {2, 1}, .dilation = {1, 2}, .groups = 2, .bias = true},
      {.channels = 7},
  };
  return all;
}

TEST(FoldedConvolution, ComputesBothLayersAtOnce) {
  if (!folds()) GTEST_SKIP() << "no oneDNN of LibTorch's here";
  const torch::NoGradGuard no_gradients;
  for (const Conv::Options& options : convolutions()) {
    Pair pair(options, {32, 9, 8});
    SCOPED_TRACE(to_string(pair.conv.output_shape()));
    const Tensor residual = image(pair.conv.output_shape(), 5, torch::kFloat, 9);
    const Tensor x = image({32, 9, 8}, 5), before = x.clone(), residual_before = residual.clone();
    const Tensor y = pair.norm.forward(pair.conv.forward(x));
    EXPECT_LT(apart(pair.folded.forward(x, {}, false), y), float32_tolerance);
    EXPECT_LT(apart(pair.folded.forward(x, {}, true), at::relu(y)), float32_tolerance);
    EXPECT_LT(apart(pair.folded.forward(x, residual, true), at::relu(y + residual)), float32_tolerance);
    EXPECT_TRUE(x.equal(before));
    EXPECT_TRUE(residual.equal(residual_before));

    const Tensor small = pair.folded.forward(x.to(torch::kBFloat16), residual.to(torch::kBFloat16), true);
    if (!small.defined()) continue;  // a processor without bfloat16
    EXPECT_EQ(small.scalar_type(), torch::kBFloat16);
    EXPECT_TRUE(small.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_LT(apart(small, at::relu(y + residual)), bfloat16_tolerance);
  }
}

// In double precision, which oneDNN does not compute.
Tensor by_definition(const Pair& pair, const Tensor& x, const Tensor& residual, bool relu) {
  const Window& window = pair.conv.window();
  const auto exact = [](const Tensor& tensor) { return tensor.defined() ? tensor.to(torch::kDouble) : tensor; };
  const auto pair_of = [](const Extent& extent) { return std::vector<std::int64_t>{extent.height, extent.width}; };
  const Tensor convolved =
      at::conv2d(exact(x), exact(pair.conv.weight()), exact(pair.conv.bias()), pair_of(window.stride),
                 pair_of(window.padding), pair_of(window.dilation), pair.conv.groups());
  Tensor y = at::batch_norm(convolved, exact(pair.statistics.at("weight")), exact(pair.statistics.at("bias")),
                            exact(pair.statistics.at("running_mean")), exact(pair.statistics.at("running_var")),
                            /*training=*/false, 0.1, 1e-5, /*cudnn_enabled=*/false);
  if (residual.defined()) y = y + exact(residual);
  return relu ? at::relu(y) : y;
}

TEST(FoldedConvolution, OfAnyShapeComputesWhatItsLayersDo) {
  const torch::NoGradGuard no_gradients;
  test::DrawnConvolutions drawn;
  int folded = 0;
  for (int i = 0; i < 200; ++i) {
    const test::DrawnConvolution test = drawn.draw();
    SCOPED_TRACE(testing::Message() << test);
    Pair pair(test.options, test.input);
    // Of eight bits each, so that one pair of images serves both types.
    const Tensor x = image(test.input, test.batch).to(torch::kBFloat16).to(torch::kFloat);
    const Tensor residual =
        image(pair.conv.output_shape(), test.batch, torch::kFloat, 9).to(torch::kBFloat16).to(torch::kFloat);
    EXPECT_LT(apart(pair.norm.forward(pair.conv.forward(x)), by_definition(pair, x, {}, false)), float32_tolerance);
    for (const bool add : {false, true}) {
      for (const bool relu : {false, true}) {
        const Tensor added = add ? residual : Tensor(), y = by_definition(pair, x, added, relu);
        const auto small = [](const Tensor& tensor) { return tensor.defined() ? tensor.to(torch::kBFloat16) : tensor; };
        const Tensor of_float32 = pair.folded.forward(x, added, relu);
        const Tensor of_bfloat16 = pair.folded.forward(small(x), small(added), relu);
        folded += of_float32.defined();
        if (of_float32.defined()) {
          EXPECT_LT(apart(of_float32, y), float32_tolerance) << "added: " << add << ", rectified: " << relu;
        }
        if (of_bfloat16.defined()) {
          EXPECT_LT(apart(of_bfloat16, y), bfloat16_tolerance) << "added: " << add << ", rectified: " << relu;
        }
      }
    }
  }
  if (folds()) {
    EXPECT_GT(folded, 400);
  }
}

TEST(FoldedConvolution, GivesTheSameBitsEachTimeAndForEachSizeOfBatch) {
  if (!folds()) GTEST_SKIP() << "no oneDNN of LibTorch's here";
  const torch::NoGradGuard no_gradients;
  Pair pair({.channels = 64, .kernel = {1, 1}}, {32, 4, 4}), same({.channels = 64, .kernel = {1, 1}}, {32, 4, 4});
  const Tensor x = image({32, 4, 4}, 12);
  const Tensor first = pair.folded.forward(x, {}, true);
  for (std::int64_t batch = 1; batch <= 12; ++batch) pair.folded.forward(x.narrow(0, 0, batch), {}, true);
  EXPECT_TRUE(pair.folded.forward(x, {}, true).equal(first));
  EXPECT_TRUE(same.folded.forward(x, {}, true).equal(first));
  EXPECT_LT(apart(pair.folded.forward(x.narrow(0, 0, 5), {}, true), first.narrow(0, 0, 5)), float32_tolerance);
}

TEST(FoldedConvolution, FollowsEveryTensorOfItsLayers) {
  if (!folds()) GTEST_SKIP() << "no oneDNN of LibTorch's here";
  const torch::NoGradGuard no_gradients;
  Pair pair({.channels = 32, .bias = true}, {32, 4, 4});
  const Tensor x = image({32, 4, 4}, 2);
  const auto agree = [&] {
    return apart(pair.folded.forward(x, {}, false), pair.norm.forward(pair.conv.forward(x))) < float32_tolerance;
  };
  EXPECT_TRUE(agree());
  for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
    pair.statistics.at(name).add_(1.0);
    EXPECT_TRUE(agree()) << name;
  }
  Layer& conv = pair.conv;
  for (const Layer::DeclaredTensor& tensor : conv.tensors()) {
    tensor.slot->add_(0.5);
    EXPECT_TRUE(agree()) << tensor.name << ", changed";
    *tensor.slot = tensor.slot->clone().mul_(2.0);
    EXPECT_TRUE(agree()) << tensor.name << ", another one";
  }
}

TEST(FoldedConvolution, LeavesTrainingAndGradientsAlone) {
  Pair pair({.channels = 32}, {32, 4, 4});
  const Tensor x = image({32, 4, 4}, 2);
  EXPECT_FALSE(pair.folded.forward(x, {}, false).defined()) << "with gradients on";
  const torch::NoGradGuard no_gradients;
  EXPECT_FALSE(pair.folded.forward(x.contiguous(), {}, false).defined()) << "not channels-last";
  pair.norm.set_training(true);
  EXPECT_FALSE(pair.folded.forward(x, {}, false).defined()) << "in training";
}

class Block final : public ResidualBlock {
 public:
  Block(const std::vector<Conv::Options>& convolutions, const Branch& branch, const Shape& input)
      : ResidualBlock(convolutions, branch, input) {}
};

TEST(FoldedConvolution, BlocksEvaluateWithItAsWithTheirLayers) {
  for (const std::int64_t stride : {1, 2}) {
    for (const std::int64_t squeeze_excitation : {0, 4}) {
      Block block(bottleneck(16, 32, 8, {stride, stride}), {.squeeze_excitation = squeeze_excitation}, {64, 6, 6});
      test::fill(block);
      block.set_training(false);
      const Tensor x = image({64, 6, 6}, 3);
      const Tensor apart_layers = block.forward(x).detach();  // with gradients, which folding leaves alone
      const torch::NoGradGuard no_gradients;
      EXPECT_LT(apart(block.forward(x), apart_layers), 2 * float32_tolerance);
      EXPECT_EQ(block.forward(x).equal(apart_layers), !folds());
    }
  }
}

}  // namespace
}  // namespace rxrun::layers
