#include <gmock/gmock.h>

#include <ATen/Parallel.h>

#include "kernels/instruction_set.h"
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

// What follows batch norm in a residual network, with x itself as what is added.
class Follow final : public Layer {
 public:
  enum class By { nothing, relu, add_relu };
  Follow(By by, const Shape& input)
      : Layer(input), by_(by), norm_(child("norm", "", std::make_unique<BatchNorm>(BatchNorm::Options{}, input))) {}
  Tensor forward(const Tensor& x) override {
    return by_ == By::nothing ? norm_.forward(x) : by_ == By::relu ? norm_.rectify(x).y : norm_.forward_add_relu(x, x);
  }
  Tensor formula(const Tensor& x, const Tensors& weights) const {
    Tensors w;
    for (const auto& [name, tensor] : weights) w[name.substr(5)] = tensor;
    const Tensor mean = training() ? x.mean(all_but_channels(x), true) : a_channel(w.at("running_mean"), x.dim());
    const Tensor variance =
        training() ? at::square(x - mean).mean(all_but_channels(x), true) : a_channel(w.at("running_var"), x.dim());
    const Tensor y = scale(x, mean, variance, w, 1e-5);
    return by_ == By::nothing ? y : at::relu(by_ == By::relu ? y : y + x);
  }

 private:
  By by_;
  BatchNorm& norm_;
};
constexpr Follow::By kFollowing[] = {Follow::By::nothing, Follow::By::relu, Follow::By::add_relu};

TEST(BatchNorm, WithWhatFollowsMatchesTheFormula) {
  for (const bool training : {true, false}) {
    for (const Follow::By by : kFollowing) {
      for (const Shape& shape : {Shape{80, 5, 7}, Shape{16, 1, 1}, Shape{5, 3, 4}, Shape{16}}) {
        SCOPED_TRACE(testing::Message() << training << static_cast<int>(by) << to_string(shape));
        Follow layer(by, shape);
        layer.set_training(training);
        expect_formula(
            layer, [&](const Tensor& x, const Tensors& w) { return layer.formula(x, w); }, 6, 1e-3);
      }
    }
  }
}

std::string backward_name(Layer& layer, const Tensor& x) {
  test::fill(layer);
  return layer.forward(x).grad_fn()->name();
}

TEST(BatchNorm, TakesItsKernelsForImagesInChannelsLastMemory) {
  if (kernels::best_instruction_set() == kernels::InstructionSet::portable) GTEST_SKIP() << "needs vectors of eight";
  const Tensor x = test::random_batch({32, 4, 4}, 2), last = x.contiguous(at::MemoryFormat::ChannelsLast);
  for (const Follow::By by : kFollowing) {
    Follow layer(by, {32, 4, 4});
    EXPECT_THAT(backward_name(layer, last), HasSubstr("NormalizeFunction"));
    EXPECT_THAT(backward_name(layer, last.to(torch::kBFloat16)), HasSubstr("NormalizeFunction"));
    EXPECT_THAT(backward_name(layer, x), Not(HasSubstr("NormalizeFunction")));
  }
}

// Against double precision with the same rounded inputs: the results are rounded, nothing before them.
TEST(BatchNorm, ComputesBfloat16InSinglePrecision) {
  if (kernels::best_instruction_set() == kernels::InstructionSet::portable)
    GTEST_SKIP() << "LibTorch rounds more often";
  for (const Follow::By by : kFollowing) {
    Follow layer(by, {32, 5, 7});
    const Tensors weights = test::fill(layer);
    Tensors exact;
    for (const auto& [name, tensor] : weights)
      exact[name] = tensor.detach().to(torch::kDouble).requires_grad_(tensor.requires_grad());
    const Tensor x = (test::random_batch({32, 5, 7}, 6) + 3.0)
                         .to(torch::kBFloat16)
                         .contiguous(at::MemoryFormat::ChannelsLast)
                         .requires_grad_();
    const Tensor exact_x = x.detach().to(torch::kDouble).requires_grad_();
    const Tensor expected = layer.formula(exact_x, exact);
    const Tensor gradient = test::random_batch({32, 5, 7}, 6, 4).to(torch::kBFloat16);
    expected.backward(gradient.to(torch::kDouble));
    const Tensor y = layer.forward(x);
    y.backward(gradient);
    EXPECT_EQ(y.scalar_type(), torch::kBFloat16);
    EXPECT_TRUE(at::allclose(y.to(torch::kDouble), expected, 1.0 / 256, 1e-5));
    // Of add_relu two rounded gradients are added.
    EXPECT_TRUE(at::allclose(x.grad().to(torch::kDouble), exact_x.grad(), 1.0 / 64, 0.02));
    for (const char* name : {"norm.weight", "norm.bias"}) {
      EXPECT_TRUE(at::allclose(weights.at(name).grad().to(torch::kDouble), exact.at(name).grad(), 1e-3, 1e-3)) << name;
    }
  }
}

TEST(BatchNorm, DoesNotDependOnTheThreads) {
  const int threads = at::get_num_threads();
  std::vector<Tensor> outputs, gradients;
  for (const int count : {1, 2, 3}) {
    at::set_num_threads(count);
    Follow layer(Follow::By::add_relu, {80, 20, 20});
    test::fill(layer);
    const Tensor x = test::random_batch({80, 20, 20}, 9).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
    outputs.push_back(layer.forward(x));
    (outputs.back() * test::random_batch({80, 20, 20}, 9, 4)).sum().backward();
    gradients.push_back(x.grad());
  }
  at::set_num_threads(threads);
  if (kernels::best_instruction_set() == kernels::InstructionSet::portable)
    GTEST_SKIP() << "LibTorch promises this not";
  for (const std::size_t other : {1, 2}) {
    EXPECT_TRUE(outputs[0].equal(outputs[other]));
    EXPECT_TRUE(gradients[0].equal(gradients[other]));
  }
}

TEST(BatchNorm, SaysThatItsKernelsHaveNoSecondDerivative) {
  if (kernels::best_instruction_set() == kernels::InstructionSet::portable) GTEST_SKIP() << "LibTorch has one";
  Follow layer(Follow::By::relu, {16, 4, 4});
  test::fill(layer);
  const Tensor x = test::random_batch({16, 4, 4}, 3).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
  const Tensor y = layer.forward(x).square().sum();
  try {
    y.backward({}, /*retain_graph=*/true, /*create_graph=*/true);
    FAIL() << "no error";
  } catch (const c10::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot be differentiated again"));
  }
}

TEST(BatchNorm, MovesTheRunningStatistics) {
  for (const Shape& shape : {Shape{5, 3, 4}, Shape{32, 3, 4}}) {
    BatchNorm layer({.momentum = 0.25}, shape);
    Tensors w = test::fill(layer);
    const Tensor mean = w["running_mean"].clone(), variance = w["running_var"].clone();
    const Tensor x = test::random_batch(shape, 2).contiguous(at::MemoryFormat::ChannelsLast) + 100.0;
    layer.forward(x);
    EXPECT_TRUE(at::allclose(w["running_mean"], 0.75 * mean + 0.25 * x.mean({0, 2, 3}), 1e-4, 1e-6));
    EXPECT_TRUE(
        at::allclose(w["running_var"], 0.75 * variance + 0.25 * x.permute({1, 0, 2, 3}).flatten(1).var(1), 1e-4, 1e-6));
    EXPECT_EQ(w["num_batches_tracked"].item<std::int64_t>(), 1);
    layer.set_training(false);
    layer.forward(x);
    EXPECT_EQ(w["num_batches_tracked"].item<std::int64_t>(), 1);
  }
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
