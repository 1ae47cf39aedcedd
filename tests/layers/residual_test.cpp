#include "rxrun/layers/residual.h"

#include <gmock/gmock.h>
#include <malloc.h>

#include "kernels/instruction_set.h"
#include "oracle.h"
#include "src/pointwise.h"

namespace rxrun::layers {
namespace {

using test::expect_formula;
using test::layer_error;
using test::Tensors;
using testing::AllOf;
using testing::HasSubstr;
using torch::Tensor;

class Block final : public ResidualBlock {
 public:
  Block(const std::vector<Conv::Options>& convolutions, const Branch& branch, const Shape& input)
      : ResidualBlock(convolutions, branch, input) {}
};

Tensor normalize(const Tensor& x, const Tensors& w, const std::string& name) {
  const Tensor mean = x.mean({0, 2, 3}, true), variance = at::square(x - x.mean({0, 2, 3}, true)).mean({0, 2, 3}, true);
  return (x - mean) / at::sqrt(variance + 1e-5) * w.at(name + ".weight").reshape({1, -1, 1, 1}) +
         w.at(name + ".bias").reshape({1, -1, 1, 1});
}

Tensor convolve(const Tensor& x, const Tensor& weight, std::int64_t stride, std::int64_t groups) {
  return at::conv2d(x, weight, {}, stride, weight.size(2) / 2, 1, groups);
}

// The bottleneck's formula, nothing in place.
Tensor bottleneck_formula(const Tensor& x, const Tensors& w, std::int64_t stride, std::int64_t groups) {
  Tensor y = at::relu(normalize(convolve(x, w.at("conv1.weight"), 1, 1), w, "bn1"));
  y = at::relu(normalize(convolve(y, w.at("conv2.weight"), stride, groups), w, "bn2"));
  y = normalize(convolve(y, w.at("conv3.weight"), 1, 1), w, "bn3");
  if (w.count("se.fc1.weight")) {
    Tensor scale = at::relu(at::conv2d(y.mean({2, 3}, true), w.at("se.fc1.weight"), w.at("se.fc1.bias")));
    y = y * at::sigmoid(at::conv2d(scale, w.at("se.fc2.weight"), w.at("se.fc2.bias")));
  }
  const bool projected = w.count("downsample.0.weight") != 0;
  const Tensor shortcut =
      projected ? normalize(convolve(x, w.at("downsample.0.weight"), stride, 1), w, "downsample.1") : x;
  return at::relu(y + shortcut);
}

TEST(ResidualBlock, BottleneckMatchesItsFormula) {
  Block projected(bottleneck(4, 6, 3, {2, 2}), {}, {8, 7, 6});
  EXPECT_EQ(projected.output_shape(), (Shape{16, 4, 3}));
  expect_formula(
      projected, [](const Tensor& x, const Tensors& w) { return bottleneck_formula(x, w, 2, 3); }, 4, 2e-3);

  Block identity(bottleneck(2, 4, 2, {1, 1}), {}, {8, 5, 6});
  EXPECT_EQ(identity.children().size(), 6u);
  expect_formula(
      identity, [](const Tensor& x, const Tensors& w) { return bottleneck_formula(x, w, 1, 2); }, 4, 2e-3);

  Block squeezed(bottleneck(2, 4, 2, {1, 1}), {.squeeze_excitation = 4}, {8, 5, 6});
  expect_formula(
      squeezed, [](const Tensor& x, const Tensors& w) { return bottleneck_formula(x, w, 1, 2); }, 4, 2e-3);
}

// Of as many channels as the kernels of convolution and batch norm take.
TEST(ResidualBlock, WideBottleneckMatchesItsFormula) {
  for (const std::int64_t stride : {1, 2}) {
    Block block(bottleneck(16, 32, 8, {stride, stride}), {}, {64, 6, 6});
    expect_formula(
        block, [&](const Tensor& x, const Tensors& w) { return bottleneck_formula(x, w, stride, 8); }, 4, 2e-3);
  }
}

std::size_t bytes_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// What lies between batch norm, ReLU and the next convolution is made again in the backward pass.
TEST(ResidualBlock, KeepsNoOutputOfItsInnerUnits) {
  if (kernels::best_instruction_set() == kernels::InstructionSet::portable) GTEST_SKIP();
  Block block(bottleneck(64, 128, 32, {1, 1}), {}, {256, 16, 16});
  block.materialize(1, at::kCPU);
  block.set_training(true);
  const Tensor x = at::randn({8, 256, 16, 16}).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
  const Window one{{1, 1}, {1, 1}, {0, 0}, {1, 1}};
  if (!is_pointwise(x, at::empty({128, 256, 1, 1}), {}, one, 1)) GTEST_SKIP();
  block.forward(x);  // oneDNN's programs are made
  const std::size_t before = bytes_in_use();
  const Tensor y = block.forward(x);
  const std::size_t kept = bytes_in_use() - before, inner = 8 * 128 * 16 * 16 * sizeof(float), wide = 2 * inner;
  // The outputs of the three convolutions, and the block's own.
  EXPECT_GT(kept, 2 * inner + 2 * wide - inner / 2);
  EXPECT_LT(kept, 2 * inner + 2 * wide + inner / 2) << "two more inner outputs would be " << 2 * inner;
}

TEST(ResidualBlock, PartsAreInTheOrderOfTheArticlesTable) {
  const Block block(bottleneck(4, 8, 2, {2, 2}), {.squeeze_excitation = 2, .drop_path = 0.1}, {8, 6, 6});
  std::string parts;
  for (const Layer::Child& child : block.children()) parts += child.name + ":" + child.type_name + " ";
  EXPECT_EQ(
      parts,
      "conv1:Conv2d bn1:BatchNorm2d conv2:Conv2d bn2:BatchNorm2d conv3:Conv2d bn3:BatchNorm2d se:SqueezeExcitation "
      "drop_path: downsample.0:Conv2d downsample.1:BatchNorm2d ");
}

TEST(ResidualBlock, ADroppedBranchLeavesTheShortcut) {
  Block block(bottleneck(2, 4, 1, {1, 1}), {.drop_path = 0.5}, {8, 4, 4});
  test::fill(block);
  const Tensor x = test::random_batch({8, 4, 4}, 64);
  const Tensor same = block.forward(x).eq(at::relu(x)).flatten(1).all(1);
  const std::int64_t dropped = same.sum().item<std::int64_t>();
  EXPECT_GT(dropped, 16);
  EXPECT_LT(dropped, 48);
}

TEST(ResidualBlock, ZeroInitializedBranchAddsNothing) {
  Block block(bottleneck(2, 4, 1, {1, 1}), {.zero_init_residual = true}, {8, 4, 4});
  block.materialize(1, torch::kCPU);
  const Tensor x = test::random_batch({8, 4, 4}, 2);
  EXPECT_TRUE(block.forward(x).equal(at::relu(x)));
}

TEST(ResidualBlock, EvaluatesInPlaceWithoutTouchingItsInput) {
  Block block(bottleneck(2, 4, 1, {1, 1}), {.drop_path = 0.5}, {8, 4, 4});
  test::fill(block);
  block.set_training(false);
  const torch::NoGradGuard no_gradients;
  const Tensor x = test::random_batch({8, 4, 4}, 2), before = x.clone();
  const Tensor first = block.forward(x);
  EXPECT_TRUE(x.equal(before));
  EXPECT_TRUE(block.forward(x).equal(first));
}

TEST(ResidualBlock, ErrorsNameThePart) {
  EXPECT_THAT(layer_error([] {
                Block(bottleneck(4, 6, 4, {1, 1}), {}, {8, 4, 4});
              }),
              AllOf(testing::StartsWith("conv2: "), HasSubstr("`groups` 4 must divide")));
  EXPECT_THAT(layer_error([] { Block(bottleneck(4, 4, 1, {1, 1}), {}, {8}); }), HasSubstr("8 features"));
  EXPECT_THAT(layer_error([] {
                Block(bottleneck(4, 4, 1, {1, 1}), {.squeeze_excitation = 17}, {8, 4, 4});
              }),
              HasSubstr("1 to 16"));
  EXPECT_THAT(layer_error([] {
                Block(bottleneck(4, 4, 1, {1, 1}), {.drop_path = 1.0}, {8, 4, 4});
              }),
              HasSubstr("`drop_path`"));
  EXPECT_THAT(layer_error([] { Block(bottleneck(INT64_MAX, 4, 1, {1, 1}), {}, {8, 4, 4}); }), HasSubstr("64 bits"));
}

TEST(BottleneckWidth, FollowsBothRules) {
  const auto paper = [](auto... numbers) { return bottleneck_width(WidthRule::paper, numbers...); };
  const auto planes = [](auto... numbers) { return bottleneck_width(WidthRule::planes, numbers...); };
  EXPECT_EQ(paper(64, 32, 4), 128);
  EXPECT_EQ(paper(512, 32, 4), 1024);
  EXPECT_EQ(paper(64, 2, 40), 80);
  EXPECT_EQ(paper(64, 1, 64), 64);
  EXPECT_EQ(paper(80, 3, 5), 18);
  for (const std::int64_t base_width : {1, 4, 14, 49, 64}) {
    EXPECT_EQ(planes(64, 32, base_width), 64);
    EXPECT_EQ(planes(16, 1, base_width), 16);
    EXPECT_EQ(planes(100, 32, base_width), 96);
  }
}

TEST(BottleneckWidth, AWidthOfZeroNamesTheNearestThatWork) {
  const std::string paper = layer_error([] { bottleneck_width(WidthRule::paper, 12, 32, 4); });
  EXPECT_THAT(paper,
              AllOf(HasSubstr("planes 12, cardinality 32 and base_width 4"), HasSubstr("base_width 6 or planes 16")));
  EXPECT_EQ(bottleneck_width(WidthRule::paper, 12, 32, 6), 32);
  EXPECT_EQ(bottleneck_width(WidthRule::paper, 16, 32, 4), 32);
  EXPECT_THAT(layer_error([] { bottleneck_width(WidthRule::planes, 12, 32, 4); }),
              HasSubstr("cardinality 12 or planes 32"));
  EXPECT_THAT(layer_error([] { bottleneck_width(WidthRule::paper, INT64_MAX, 32, 4); }), HasSubstr("64 bits"));
  EXPECT_THAT(layer_error([] { bottleneck_width(WidthRule::paper, 64, 0, 4); }), HasSubstr("at least 1"));
}

}  // namespace
}  // namespace rxrun::layers
