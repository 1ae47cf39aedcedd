#include <gmock/gmock.h>

#include "oracle.h"
#include "rxrun/layers/batch_norm.h"
#include "rxrun/layers/group_norm.h"
#include "rxrun/layers/layer_norm.h"

namespace rxrun::layers {
namespace {

using test::expect_formula;
using test::layer_error;
using test::Tensors;
using testing::HasSubstr;
using torch::Tensor;

// One value a channel, to be broadcast over the batch and the pixels.
Tensor a_channel(const Tensor& values, std::int64_t dimensions) {
  return dimensions == 4 ? values.reshape({1, -1, 1, 1}) : values.reshape({1, -1});
}

std::vector<std::int64_t> all_but_channels(const Tensor& x) {
  return x.dim() == 4 ? std::vector<std::int64_t>{0, 2, 3} : std::vector<std::int64_t>{0};
}

Tensor scale(const Tensor& x, const Tensor& mean, const Tensor& variance, const Tensors& w, double epsilon) {
  return (x - mean) / at::sqrt(variance + epsilon) * a_channel(w.at("weight"), x.dim()) +
         a_channel(w.at("bias"), x.dim());
}

TEST(BatchNorm, TrainsOnTheBatchsStatistics) {
  for (const Shape& shape : {Shape{5, 3, 4}, Shape{5}}) {
    BatchNorm layer({.epsilon = 1e-3}, shape);
    expect_formula(
        layer,
        [](const Tensor& x, const Tensors& w) {
          const Tensor mean = x.mean(all_but_channels(x), true);
          return scale(x, mean, at::square(x - mean).mean(all_but_channels(x), true), w, 1e-3);
        },
        6);
  }
}

TEST(BatchNorm, EvaluatesOnTheRunningStatistics) {
  for (const Shape& shape : {Shape{5, 3, 4}, Shape{5}}) {
    BatchNorm layer({}, shape);
    layer.set_training(false);
    expect_formula(layer, [](const Tensor& x, const Tensors& w) {
      return scale(x, a_channel(w.at("running_mean"), x.dim()), a_channel(w.at("running_var"), x.dim()), w, 1e-5);
    });
  }
}

TEST(BatchNorm, MovesTheRunningStatistics) {
  BatchNorm layer({.momentum = 0.25}, {5, 3, 4});
  Tensors w = test::fill(layer);
  const Tensor mean = w["running_mean"].clone(), variance = w["running_var"].clone();
  const Tensor x = test::random_batch({5, 3, 4}, 2);
  layer.forward(x);
  EXPECT_TRUE(at::allclose(w["running_mean"], 0.75 * mean + 0.25 * x.mean({0, 2, 3}), 1e-4, 1e-6));
  EXPECT_TRUE(
      at::allclose(w["running_var"], 0.75 * variance + 0.25 * x.permute({1, 0, 2, 3}).flatten(1).var(1), 1e-4, 1e-6));
  EXPECT_EQ(w["num_batches_tracked"].item<std::int64_t>(), 1);
  layer.set_training(false);
  layer.forward(x);
  EXPECT_EQ(w["num_batches_tracked"].item<std::int64_t>(), 1);
}

TEST(BatchNorm, StartsAsPyTorchs) {
  BatchNorm layer({}, {3, 2, 2});
  layer.materialize(1, torch::kCPU);
  std::string names;
  layer.visit_tensors([&](const std::string& name, Layer::DeclaredTensor& tensor) {
    const double start = name == "weight" || name == "running_var" ? 1.0 : 0.0;
    EXPECT_TRUE(tensor.slot->to(torch::kDouble).eq(start).all().item<bool>()) << name;
    EXPECT_EQ(tensor.slot->scalar_type(), name == "num_batches_tracked" ? torch::kLong : torch::kFloat);
    EXPECT_EQ(tensor.trainable, name == "weight" || name == "bias");
    names += name + " ";
  });
  EXPECT_EQ(names, "weight bias running_mean running_var num_batches_tracked ");
}

TEST(BatchNorm, RefusesToTrainOnOneValueAChannel) {
  BatchNorm layer({}, {3, 1, 1});
  test::fill(layer);
  EXPECT_THAT(layer_error([&] { layer.forward(torch::ones({1, 3, 1, 1})); }), HasSubstr("larger batch"));
  EXPECT_EQ(layer_error([&] { layer.forward(torch::ones({2, 3, 1, 1})); }), "no error");
  layer.set_training(false);
  EXPECT_EQ(layer_error([&] { layer.forward(torch::ones({1, 3, 1, 1})); }), "no error");
}

TEST(LayerNorm, OverASample) {
  for (const Shape& shape : {Shape{5, 3, 4}, Shape{9}}) {
    LayerNorm layer({.epsilon = 1e-3}, shape);
    const std::vector<std::int64_t> sample =
        shape.size() == 3 ? std::vector<std::int64_t>{1, 2, 3} : std::vector<std::int64_t>{1};
    expect_formula(layer, [&](const Tensor& x, const Tensors& w) {
      const Tensor mean = x.mean(sample, true);
      return (x - mean) / at::sqrt(at::square(x - mean).mean(sample, true) + 1e-3) * w.at("weight") + w.at("bias");
    });
  }
}

TEST(LayerNorm, OverEachPixelsChannels) {
  for (const Shape& shape : {Shape{5, 3, 4}, Shape{9}}) {
    LayerNorm layer({.over = "channels"}, shape);
    EXPECT_EQ(layer.tensors()[0].shape, (Shape{shape[0]}));
    expect_formula(layer, [](const Tensor& x, const Tensors& w) {
      const Tensor mean = x.mean({1}, true);
      return scale(x, mean, at::square(x - mean).mean({1}, true), w, 1e-5);
    });
  }
  EXPECT_THAT(layer_error([] { LayerNorm({.over = "pixels"}, {3}); }), HasSubstr("sample or channels"));
}

TEST(GroupNorm, OverEachGroupOfChannels) {
  for (const Shape& shape : {Shape{6, 3, 4}, Shape{6}}) {
    GroupNorm layer({.groups = 2, .epsilon = 1e-3}, shape);
    expect_formula(layer, [](const Tensor& x, const Tensors& w) {
      const Tensor grouped = x.reshape({x.size(0), 2, -1});
      const Tensor mean = grouped.mean({2}, true);
      const Tensor y = (grouped - mean) / at::sqrt(at::square(grouped - mean).mean({2}, true) + 1e-3);
      return y.reshape(x.sizes()) * a_channel(w.at("weight"), x.dim()) + a_channel(w.at("bias"), x.dim());
    });
  }
  EXPECT_THAT(layer_error([] {
                GroupNorm({.groups = 32}, {48, 2, 2});
              }),
              HasSubstr("`groups` 32 must divide the channels (48)"));
  EXPECT_THAT(layer_error([] { GroupNorm({.groups = 0}, {48}); }), HasSubstr("must divide"));
}

}  // namespace
}  // namespace rxrun::layers
