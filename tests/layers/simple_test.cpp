// Flatten and the arithmetic of shapes.
#include <gmock/gmock.h>

#include "oracle.h"
#include "rxrun/layers/flatten.h"
#include "rxrun/layers/shapes.h"

namespace rxrun::layers {
namespace {

using test::layer_error;
using testing::HasSubstr;

TEST(Flatten, KeepsTheOrderOfChannels) {
  Flatten layer({}, {3, 2, 2});
  EXPECT_EQ(layer.output_shape(), (Shape{12}));
  test::expect_formula(layer, [](const torch::Tensor& x, const test::Tensors&) {
    return at::stack({x.select(1, 0), x.select(1, 1), x.select(1, 2)}, 1).reshape({x.size(0), 12});
  });
  Flatten features({}, {7});
  EXPECT_EQ(features.output_shape(), (Shape{7}));
}

// Against the windows themselves, counted one by one.
TEST(WindowOutput, CountsTheWindowsThatFit) {
  for (std::int64_t size = 1; size <= 9; ++size) {
    for (std::int64_t kernel = 1; kernel <= 4; ++kernel) {
      for (std::int64_t stride = 1; stride <= 4; ++stride) {
        for (std::int64_t padding = 0; padding <= 2; ++padding) {
          for (std::int64_t dilation = 1; dilation <= 3; ++dilation) {
            const std::int64_t reach = dilation * (kernel - 1) + 1;
            std::int64_t fit = 0;
            for (std::int64_t at = -padding; at + reach <= size + padding; at += stride) ++fit;
            const Window window = {{kernel, 1}, {stride, 1}, {padding, 0}, {dilation, 1}};
            if (fit == 0) {
              EXPECT_THROW(window_output({1, size, 1}, window), LayerError);
            } else {
              EXPECT_EQ(window_output({1, size, 1}, window), (Extent{fit, 1}));
            }
          }
        }
      }
    }
  }
}

TEST(Product, SaysWhenItDoesNotFit) {
  EXPECT_EQ(product({1'000'000, 1'000'000, 9'000'000}), 9'000'000'000'000'000'000);
  EXPECT_THAT(layer_error([] { product({1'000'000, 1'000'000, 10'000'000}); }), HasSubstr("64 bits"));
}

}  // namespace
}  // namespace rxrun::layers
