#include "timing/step_times.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/custom_function.h>

#include <map>

#include "tiny.h"

namespace rxrun {
namespace {

// A clock that moves on by a tick as it is read, and by what SlowLayer takes.
constexpr double forward_seconds = 0.03, backward_seconds = 0.09, tick = 1e-6;
double clock_seconds = 0.0;
double read_clock() { return clock_seconds += tick; }

struct Slow : torch::autograd::Function<Slow> {
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor& x) {
    clock_seconds += forward_seconds;
    return x * 1.0;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 torch::autograd::variable_list gradients) {
    clock_seconds += backward_seconds;
    return {gradients[0] * 1.0};
  }
};

class SlowLayer final : public Layer {
 public:
  explicit SlowLayer(const Shape& input) : Layer(input) { set_multiply_adds(1000); }
  torch::Tensor forward(const torch::Tensor& x) override { return Slow::apply(x); }
};

// Runs its child without asking it: as a block does that has a faster way.
class Block final : public Layer {
 public:
  explicit Block(const Shape& input) : Layer(input) { child("slow", "SlowLayer", std::make_unique<SlowLayer>(input)); }
  torch::Tensor forward(const torch::Tensor& x) override { return x * 1.0; }
};

std::map<std::string, PartTime> parts_of(const Measurement& measurement) {
  std::map<std::string, PartTime> parts;
  for (const PartTime& part : measurement.parts) parts[part.path.empty() ? part.name : part.path] = part;
  return parts;
}

Measurement measure(Network& network, int depth = 0) {
  const Experiment experiment = tiny::experiment();
  const Machine machine = set_up_machine({.device = "cpu", .threads = 1}, Precision::float32);
  return measure_step(network, experiment, machine, 5, depth, read_clock);
}

TEST(StepTimes, EachLayerIsChargedItsOwn) {
  Network network{.input = {3, tiny::side, tiny::side}, .classes = 2, .layers = {}};
  tiny::add<tiny::Conv>(network, "conv1", std::int64_t{6});
  tiny::add<SlowLayer>(network, "slow");
  tiny::add<tiny::Relu>(network, "relu");
  tiny::add<tiny::Head>(network, "fc", std::int64_t{2});
  const Measurement measurement = measure(network);
  const auto parts = parts_of(measurement);

  constexpr double ticks = 10 * tick;
  EXPECT_NEAR(parts.at("slow").forward.seconds, forward_seconds, ticks);
  EXPECT_NEAR(parts.at("slow").backward.seconds, backward_seconds, ticks);
  double sum = 0.0;
  for (const auto& [name, part] : parts) {
    sum += part.forward.seconds + part.backward.seconds;
    EXPECT_FALSE(part.alone);
    if (name == "slow") continue;
    EXPECT_LT(part.forward.seconds, ticks) << name;
    EXPECT_LT(part.backward.seconds, ticks) << name;
  }
  EXPECT_NEAR(measurement.step.seconds, forward_seconds + backward_seconds, ticks);
  EXPECT_NEAR(sum, measurement.step.seconds, 2 * ticks);
  EXPECT_GT(parts.at("conv1").backward.seconds, 0.0);
  EXPECT_GT(parts.at("loss").forward.seconds, 0.0);
  EXPECT_GT(parts.at("optimizer").forward.seconds, 0.0);
  EXPECT_GT(measurement.peak_flops, 0.0);
  EXPECT_EQ(measurement.batch, 8);
  EXPECT_EQ(measurement.steps, 5);
}

TEST(StepTimes, OperationsOfForwardAndBackward) {
  Network network{.input = {3, tiny::side, tiny::side}, .classes = 2, .layers = {}};
  tiny::add<SlowLayer>(network, "first");
  tiny::add<tiny::Conv>(network, "conv1", std::int64_t{6});
  tiny::add<SlowLayer>(network, "second");
  tiny::add<tiny::Head>(network, "fc", std::int64_t{2});
  const auto parts = parts_of(measure(network));
  EXPECT_EQ(parts.at("second").forward_flop, 2 * 1000 * 8);
  EXPECT_EQ(parts.at("second").backward_flop, 4 * 1000 * 8);
  EXPECT_EQ(parts.at("first").backward_flop, 2 * 1000 * 8) << "nobody needs the gradient of the images";
  EXPECT_EQ(parts.at("first").backward.seconds, 0.0) << "nothing is learned there";
}

TEST(StepTimes, InsideABlockEachIsTimedAlone) {
  Network network{.input = {3, tiny::side, tiny::side}, .classes = 2, .layers = {}};
  tiny::add<tiny::Conv>(network, "conv1", std::int64_t{6});
  tiny::add<Block>(network, "block");
  tiny::add<tiny::Head>(network, "fc", std::int64_t{2});
  const Measurement measurement = measure(network);
  const auto parts = parts_of(measurement);
  EXPECT_TRUE(parts.at("block.slow").alone);
  EXPECT_EQ(parts.at("block.slow").depth, 2);
  EXPECT_NEAR(parts.at("block.slow").forward.seconds, forward_seconds, 10 * tick);
  EXPECT_NEAR(parts.at("block.slow").backward.seconds, backward_seconds, 10 * tick);
  EXPECT_FALSE(parts.at("block").alone);
  EXPECT_LT(parts.at("block").forward.seconds, 10 * tick);
  EXPECT_LT(measurement.step.seconds, forward_seconds) << "the layer inside is no part of it";
  EXPECT_EQ(parts.at("block").forward_flop, 2 * 1000 * 8) << "what it is made of, too";
  EXPECT_EQ(parts_of(measure(network, 1)).count("block.slow"), 0u);
}

}  // namespace
}  // namespace rxrun
