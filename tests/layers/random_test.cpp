// Layers that draw: dropout and stochastic depth.
#include <gmock/gmock.h>

#include "oracle.h"
#include "rxrun/layers/dropout.h"
#include "rxrun/layers/stochastic_depth.h"

namespace rxrun::layers {
namespace {

using test::layer_error;
using testing::HasSubstr;
using torch::Tensor;

// The values in `y` for an input of ones: 0 or `kept`, and which share is 0.
double share_dropped(const Tensor& y, double kept) {
  const Tensor dropped = y.eq(0);
  EXPECT_TRUE(at::logical_or(dropped, at::isclose(y, at::full_like(y, kept))).all().item<bool>());
  return dropped.to(torch::kDouble).mean().item<double>();
}

TEST(Dropout, DropsNumbersAndScalesTheRest) {
  Dropout layer({.probability = 0.2}, {10, 8, 8});
  EXPECT_TRUE(layer.draws_random());
  layer.reseed(1);
  EXPECT_NEAR(share_dropped(layer.forward(torch::ones({50, 10, 8, 8})), 1.25), 0.2, 0.01);
}

TEST(Dropout, DropsWholeChannels) {
  Dropout layer({.probability = 0.5, .channels = true}, {100, 3, 3});
  layer.reseed(1);
  const Tensor y = layer.forward(torch::ones({50, 100, 3, 3}));
  EXPECT_NEAR(share_dropped(y, 2.0), 0.5, 0.03);
  EXPECT_TRUE(y.amax({2, 3}).equal(y.amin({2, 3})));
  Dropout features({.channels = true}, {1000});
  features.reseed(1);
  EXPECT_NEAR(share_dropped(features.forward(torch::ones({4, 1000})), 2.0), 0.5, 0.05);
}

TEST(Dropout, PassesTheGradientWhereItPassedTheValue) {
  Dropout layer({}, {40});
  layer.reseed(3);
  Tensor x = torch::ones({5, 40}).requires_grad_();
  const Tensor y = layer.forward(x);
  y.sum().backward();
  EXPECT_TRUE(x.grad().equal(y.detach()));
}

TEST(StochasticDepth, DropsWholeSamples) {
  StochasticDepth layer({.probability = 0.25}, {4, 3, 3});
  EXPECT_TRUE(layer.draws_random());
  layer.reseed(1);
  const Tensor y = layer.forward(torch::ones({2000, 4, 3, 3}));
  EXPECT_NEAR(share_dropped(y, 1 / 0.75), 0.25, 0.04);
  EXPECT_TRUE(y.flatten(1).amax({1}).equal(y.flatten(1).amin({1})));
}

template <typename L>
void expect_repeatable(const typename L::Options& options) {
  L layer(options, {64});
  const Tensor x = torch::ones({64, 64});
  const auto draw = [&](std::uint64_t key, const std::string& path) {
    layer.reseed(key, path);
    return layer.forward(x);
  };
  const Tensor first = draw(1, "a");
  EXPECT_TRUE(first.equal(draw(1, "a")));
  EXPECT_FALSE(first.equal(draw(2, "a")));
  EXPECT_FALSE(first.equal(draw(1, "b")));
  layer.set_training(false);
  EXPECT_TRUE(layer.forward(x).equal(x));
}

TEST(Draws, AreAFunctionOfKeyAndPath) {
  expect_repeatable<Dropout>({});
  expect_repeatable<Dropout>({.channels = true});
  expect_repeatable<StochasticDepth>({.probability = 0.5});
}

TEST(Draws, ProbabilityIsCheckedAndZeroDrawsNothing) {
  EXPECT_THAT(layer_error([] { Dropout({.probability = 1.0}, {3}); }), HasSubstr("less than 1"));
  EXPECT_THAT(layer_error([] { Dropout({.probability = -0.1}, {3}); }), HasSubstr("at least 0"));
  EXPECT_THAT(layer_error([] { StochasticDepth({.probability = NAN}, {3}); }), HasSubstr("at least 0"));
  Dropout layer({.probability = 0.0}, {3});
  EXPECT_FALSE(layer.draws_random());
  EXPECT_TRUE(layer.forward(torch::ones({2, 3})).equal(torch::ones({2, 3})));
}

}  // namespace
}  // namespace rxrun::layers
