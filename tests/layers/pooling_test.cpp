#include <gmock/gmock.h>

#include <limits>

#include "oracle.h"
#include "rxrun/layers/global_pool.h"
#include "rxrun/layers/pool.h"

namespace rxrun::layers {
namespace {

using test::expect_formula;
using test::layer_error;
using test::Tensors;
using testing::HasSubstr;
using torch::Tensor;

struct PoolCase {
  Extent kernel;
  std::optional<Extent> stride, padding;
  bool ceil_mode;
  Shape input, output;
};

const std::vector<PoolCase> cases = {
    {{2, 2}, {}, {}, false, {3, 7, 8}, {3, 3, 4}},
    {{2, 2}, {}, {}, true, {3, 7, 8}, {3, 4, 4}},
    {{3, 3}, Extent{2, 2}, {}, false, {2, 8, 7}, {2, 4, 4}},
    {{3, 3}, Extent{2, 2}, Extent{0, 0}, false, {2, 8, 7}, {2, 3, 3}},
    {{3, 2}, Extent{1, 3}, Extent{1, 0}, true, {2, 5, 7}, {2, 5, 3}},
    {{3, 3}, Extent{2, 2}, Extent{1, 1}, true, {2, 2, 4}, {2, 2, 3}},
    {{1, 1}, {}, {}, false, {2, 3, 3}, {2, 3, 3}},
};

// Every window by slicing, for images padded by hand.
Tensor pool(const Tensor& x, const PoolCase& test, const std::function<Tensor(const Tensor& window)>& reduce) {
  const Extent stride = test.stride.value_or(test.kernel);
  const Extent padding = test.padding.value_or(Extent{(test.kernel.height - 1) / 2, (test.kernel.width - 1) / 2});
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < test.output[1]; ++i) {
    std::vector<Tensor> row;
    for (std::int64_t j = 0; j < test.output[2]; ++j) {
      const std::int64_t top = i * stride.height - padding.height, left = j * stride.width - padding.width;
      const Tensor window =
          x.slice(2, std::max<std::int64_t>(top, 0), std::min(top + test.kernel.height, x.size(2)))
              .slice(3, std::max<std::int64_t>(left, 0), std::min(left + test.kernel.width, x.size(3)));
      row.push_back(reduce(window.flatten(2)));
    }
    rows.push_back(at::stack(row, 2));
  }
  return at::stack(rows, 2);
}

TEST(MaxPool, TakesTheLargestOfEachWindow) {
  for (const PoolCase& test : cases) {
    MaxPool layer({test.kernel, test.stride, test.padding, test.ceil_mode}, test.input);
    ASSERT_EQ(layer.output_shape(), test.output);
    expect_formula(layer, [&](const Tensor& x, const Tensors&) {
      return pool(x, test, [](const Tensor& window) { return window.amax({2}); });
    });
  }
}

// The kernels take 16 channels and more in channels-last memory; they move numbers and change none.
TEST(MaxPool, KernelsGiveWhatLibTorchGives) {
  torch::manual_seed(1);
  for (const torch::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const bool ceil_mode : {false, true}) {
      MaxPool layer({.kernel = {3, 2}, .stride = Extent{2, 3}, .padding = Extent{1, 0}, .ceil_mode = ceil_mode},
                    {32, 10, 9});
      const Tensor x = at::randn({4, 32, 10, 9}).to(type).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
      const Tensor same = x.detach().clone().requires_grad_();
      const Tensor y = layer.forward(x), right = at::max_pool2d(same, {3, 2}, {2, 3}, {1, 0}, {1, 1}, ceil_mode);
      EXPECT_TRUE(at::equal(y, right));
      EXPECT_TRUE(y.is_contiguous(at::MemoryFormat::ChannelsLast));
      // Whole numbers: windows that overlap add up to the same in any order.
      const Tensor dy = at::randint(-8, 8, y.sizes()).to(type);
      y.backward(dy);
      right.backward(dy);
      EXPECT_TRUE(at::equal(x.grad(), same.grad()));
      const at::NoGradGuard no_gradient;
      EXPECT_TRUE(at::equal(layer.forward(x), right));
    }
  }
}

TEST(AveragePool, TakesTheMeanInsideTheImage) {
  for (const PoolCase& test : cases) {
    AveragePool layer({test.kernel, test.stride, test.padding, test.ceil_mode}, test.input);
    ASSERT_EQ(layer.output_shape(), test.output);
    expect_formula(layer, [&](const Tensor& x, const Tensors&) {
      return pool(x, test, [](const Tensor& window) { return window.mean({2}); });
    });
  }
}

TEST(AveragePool, CountsPaddingWhenAsked) {
  AveragePool layer({.kernel = {3, 3}, .stride = Extent{2, 2}, .count_padding = true}, {2, 5, 5});
  const PoolCase test = {{3, 3}, Extent{2, 2}, {}, false, {2, 5, 5}, {2, 3, 3}};
  expect_formula(layer, [&](const Tensor& x, const Tensors&) {
    return pool(x, test, [](const Tensor& window) { return window.sum({2}) / 9; });
  });
}

TEST(Pooling, RefusesWhatDoesNotFit) {
  EXPECT_THAT(layer_error([] {
                MaxPool({.kernel = {3, 3}, .padding = Extent{2, 1}}, {1, 9, 9});
              }),
              HasSubstr("half of the kernel"));
  EXPECT_THAT(layer_error([] { AveragePool({.kernel = {4, 4}}, {1, 1, 9}); }), HasSubstr("larger than the image"));
  EXPECT_THAT(layer_error([] { MaxPool({}, {64}); }), HasSubstr("64 features"));
  EXPECT_THAT(layer_error([] { MaxPool({.kernel = {0, 2}}, {1, 4, 4}); }), HasSubstr("kernel 0×2"));
  EXPECT_THAT(layer_error([] { AveragePool({.stride = Extent{0, 2}}, {1, 4, 4}); }), HasSubstr("stride 0×2"));
}

TEST(GlobalPooling, ReducesEachChannelToOneNumber) {
  GlobalAveragePool mean({}, {5, 3, 7});
  EXPECT_EQ(mean.output_shape(), (Shape{5, 1, 1}));
  expect_formula(mean, [](const Tensor& x, const Tensors&) { return x.mean({2, 3}, true); });
  GlobalMaxPool largest({}, {5, 3, 7});
  EXPECT_EQ(largest.output_shape(), (Shape{5, 1, 1}));
  expect_formula(largest, [](const Tensor& x, const Tensors&) { return x.amax({2, 3}, true); });
  EXPECT_THAT(layer_error([] { GlobalAveragePool({}, {64}); }), HasSubstr("64 features"));
  EXPECT_THAT(layer_error([] { GlobalMaxPool({}, {64}); }), HasSubstr("64 features"));
}

}  // namespace
}  // namespace rxrun::layers
