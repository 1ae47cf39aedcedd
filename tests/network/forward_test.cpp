// The network as a function: what plugins do wrong in it is told with layer, plugin and cause.
#include "network/forward.h"

#include <gmock/gmock.h>

#include "network/current_layer.h"
#include "networks.h"
#include "rxrun/layer.h"

namespace rxrun {
namespace {

using test::build;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A convolution, the faulty layer, and a head.
Network with(const std::string& faulty) {
  Network network = build("  plugins: [convnet, " RXRUN_FAULTY_LAYERS "]\n  stem: [{conv: {channels: 4}}, " + faulty +
                              "]\n  head: [global_average_pool, flatten, linear]",
                          {3, 8, 8}, 2);
  materialize(network, 1, torch::kCPU);
  return network;
}

torch::Tensor images() { return torch::ones({2, 3, 8, 8}); }

template <typename Work>
std::string run_error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::run);
    EXPECT_GT(error.diagnostics().front().where.line +
                  (error.diagnostics().front().message.find("backward") != std::string::npos),
              0);
    return std::string(error.what()) + "\n" + error.diagnostics().front().advice;
  }
  return "no error";
}

std::string forward_error_of(const std::string& faulty) {
  const Network network = with(faulty);
  return run_error_of([&] { forward(network, images()); });
}

TEST(Forward, RunsLayersInOrder) {
  const Network network = with("relu");
  std::vector<std::string> seen;
  const torch::Tensor logits = forward(network, images(), [&](const NetworkLayer& layer, const torch::Tensor& output) {
    seen.push_back(layer.path);
    EXPECT_EQ(output.size(0), 2);
  });
  EXPECT_THAT(seen, testing::ElementsAre("conv1", "relu1", "global_average_pool", "flatten", "fc"));
  EXPECT_EQ(logits.sizes(), at::IntArrayRef({2, 2}));
  EXPECT_STREQ(current_layer(), "");
}

TEST(Forward, WrongOutputsAreErrors) {
  EXPECT_THAT(forward_error_of("undefined"), HasSubstr("layer `undefined` (undefined1) of plugin `faulty_layers` "
                                                       "returned an undefined tensor, but declared 2×4×8×8"));
  EXPECT_THAT(forward_error_of("wrong_shape"), HasSubstr("returned 2×8×8×8 (Float), but declared 2×4×8×8"));
  EXPECT_THAT(forward_error_of("wrong_type"), HasSubstr("returned 2×4×8×8 (Double): the type must stay Float"));
  EXPECT_THAT(forward_error_of("in_place"), HasSubstr("changed its input in place"));
  EXPECT_THAT(forward_error_of("detached"), HasSubstr("cuts off the gradient"));
}

TEST(Forward, DetachedOutputIsFineWithoutGradients) {
  const Network network = with("detached");
  const torch::NoGradGuard no_gradients;
  EXPECT_EQ(forward(network, images()).size(0), 2);
}

TEST(Forward, ExceptionsAreTranslated) {
  EXPECT_THAT(forward_error_of("throws"),
              AllOf(HasSubstr("layer `throws` (throws1) of plugin `faulty_layers` failed: the dog ate\\x1B[2J it"),
                    Not(HasSubstr("second line"))));
  EXPECT_THAT(forward_error_of("throws_int"), HasSubstr("not a std::exception"));
  EXPECT_THAT(forward_error_of("throws_torch"),
              AllOf(HasSubstr("invalid for input of size"), Not(HasSubstr("frame #"))));
  EXPECT_THAT(forward_error_of("out_of_memory"), AllOf(testing::StartsWith("out of memory"), HasSubstr("data.batch")));
}

TEST(Forward, BatchNormOfOneValueAChannelIsAnError) {
  const Network network = build(
      "  plugins: [convnet]\n  stem: [{conv: {channels: 4}}]\n  head: [global_average_pool, flatten, batch_norm, "
      "linear]",
      {3, 8, 8}, 2);
  materialize(network, 1, torch::kCPU);
  EXPECT_THAT(run_error_of([&] {
                forward(network, torch::ones({1, 3, 8, 8}));
              }),
              AllOf(HasSubstr("layer `batch_norm` (bn)"), HasSubstr("larger batch")));
  set_training(network, false);
  EXPECT_EQ(forward(network, torch::ones({1, 3, 8, 8})).size(0), 1);
}

TEST(Backward, ReachesEveryParameter) {
  const Network network = with("relu");
  backward(forward(network, images()).sum());
  for (const NamedTensor& named : named_tensors(network)) {
    if (named.trainable) {
      EXPECT_TRUE(named.tensor.grad().defined()) << named.name;
    }
  }
  EXPECT_STREQ(current_layer(), "");
}

TEST(Backward, ExceptionsNameTheLayer) {
  const Network network = with("backward_throws");
  EXPECT_THAT(run_error_of([&] { backward(forward(network, images()).sum()); }),
              HasSubstr("the backward pass failed in layer `backward_throws` (backward_throws1) of plugin "
                        "`faulty_layers`: the dog ate"));
}

TEST(NotFinite, IsTracedToWhereItBegan) {
  EXPECT_EQ(first_not_finite(with("relu"), images()), "");
  EXPECT_EQ(first_not_finite(with("not_finite"), images()),
            "layer `not_finite` (not_finite1) of plugin `faulty_layers`");
  EXPECT_EQ(first_not_finite(with("relu"), images() / 0), "the input");
  const Network network = with("relu");
  const torch::NoGradGuard no_gradients;
  named_tensors(network).front().tensor.fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(first_not_finite(network, images()), "the weight `conv1.weight`");
}

TEST(NamedTensors, HaveFullNamesAndTypes) {
  std::string names;
  for (const NamedTensor& named : named_tensors(with("batch_norm"))) {
    names += named.name + " " + named.type_name + (named.trainable ? " trainable\n" : "\n");
  }
  EXPECT_EQ(names,
            "conv1.weight Conv2d trainable\nbn1.weight BatchNorm2d trainable\nbn1.bias BatchNorm2d trainable\n"
            "bn1.running_mean BatchNorm2d\nbn1.running_var BatchNorm2d\nbn1.num_batches_tracked BatchNorm2d\n"
            "fc.weight Linear trainable\nfc.bias Linear trainable\n");
}

TEST(Reseed, MakesDrawsAFunctionOfTheKey) {
  const Network network = with("dropout");
  const auto run = [&](std::uint64_t key) {
    reseed(network, key);
    return forward(network, images());
  };
  const torch::Tensor first = run(1), second = run(2), again = run(1);
  EXPECT_TRUE(first.equal(again));
  EXPECT_FALSE(first.equal(second));
}

TEST(Materialize, DependsOnTheSeedOnly) {
  const auto weights = [](std::uint64_t seed) {
    const Network network = with("batch_norm");
    materialize(network, seed, torch::kCPU);
    return named_tensors(network).front().tensor;
  };
  EXPECT_TRUE(weights(1).equal(weights(1)));
  EXPECT_FALSE(weights(1).equal(weights(2)));
}

}  // namespace
}  // namespace rxrun
