#include "timing/step_times.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/custom_function.h>

#include <chrono>
#include <map>
#include <thread>

#include "tiny.h"

namespace rxrun {
namespace {

// Longer than a loaded machine keeps a small layer waiting.
constexpr double forward_seconds = 0.03, backward_seconds = 0.09;

void sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

struct Slow : torch::autograd::Function<Slow> {
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor& x) {
    sleep(forward_seconds);
    return x * 1.0;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 torch::autograd::variable_list gradients) {
    sleep(backward_seconds);
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
  return measure_step(network, experiment, machine, 5, depth);
}

TEST(StepTimes, EachLayerIsChargedItsOwn) {
  Network network{.input = {3, tiny::side, tiny::side}, .classes = 2, .layers = {}};
  tiny::add<tiny::Conv>(network, "conv1", std::int64_t{6});
  tiny::add<SlowLayer>(network, "slow");
  tiny::add<tiny::Relu>(network, "relu");
  tiny::add<tiny::Head>(network, "fc", std::int64_t{2});
  const Measurement measurement = measure(network);
  const auto parts = parts_of(measurement);

  EXPECT_GT(parts.at("slow").forward.seconds, forward_seconds);
  EXPECT_GT(parts.at("slow").backward.seconds, backward_seconds);
  double sum = 0.0;
  for (const auto& [name, part] : parts) {
    sum += part.forward.seconds + part.backward.seconds;
    EXPECT_FALSE(part.alone);
    if (name == "slow") continue;
    EXPECT_LT(part.forward.seconds, forward_seconds) << name;
    EXPECT_LT(part.backward.seconds, forward_seconds) << name;
  }
  EXPECT_NEAR(sum, measurement.step.seconds, 0.2 * measurement.step.seconds);
  EXPECT_GT(parts.at("conv1").backward.seconds, 0.0);
  EXPECT_GT(parts.at("loss").forward.seconds, 0.0);
  EXPECT_GT(parts.at("optimizer").forward.seconds, 0.0);
  EXPECT_GT(measurement.peak_flops, 1e8);
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
  EXPECT_GT(parts.at("block.slow").forward.seconds, forward_seconds);
  EXPECT_GT(parts.at("block.slow").backward.seconds, backward_seconds);
  EXPECT_FALSE(parts.at("block").alone);
  EXPECT_LT(parts.at("block").forward.seconds, forward_seconds);
  EXPECT_LT(measurement.step.seconds, backward_seconds);
  EXPECT_EQ(parts.at("block").forward_flop, 2 * 1000 * 8) << "what it is made of, too";
  EXPECT_EQ(parts_of(measure(network, 1)).count("block.slow"), 0u);
}

}  // namespace
}  // namespace rxrun
