#include "training/optimizer.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/optim.h>
#include <torch/types.h>

#include <cmath>
#include <functional>
#include <optional>
#include <stdexcept>

#include "diagnostics/diagnostic.h"

namespace rxrun {
namespace {

using Kind = OptimizerSpec::Kind;
using Oracle = std::function<std::unique_ptr<torch::optim::Optimizer>(const std::vector<torch::Tensor>&)>;

std::vector<torch::Tensor> parameters(at::ScalarType type) {
  torch::manual_seed(3);
  std::vector<torch::Tensor> tensors = {torch::randn({4, 3, 3, 3}, type), torch::randn({4}, type),
                                        torch::randn({5, 4}, type), torch::randn({}, type)};
  for (torch::Tensor& tensor : tensors) tensor.requires_grad_();
  return tensors;
}

// Gradients that are noisy and depend on the parameters, so that a wrong step shows in the next.
void set_gradients(const std::vector<torch::Tensor>& tensors, int step) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    torch::manual_seed(1000 * step + static_cast<int>(i));
    torch::Tensor tensor = tensors[i];
    tensor.mutable_grad() = torch::randn(tensor.sizes(), tensor.scalar_type()) + tensor.detach() * 0.3;
  }
}

NamedTensors named(const std::vector<torch::Tensor>& tensors) {
  NamedTensors list;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    list.emplace_back(std::string("p").append(std::to_string(i)), tensors[i]);
  return list;
}

void expect_as_torch(const OptimizerSpec& spec, const Oracle& oracle) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const std::vector<torch::Tensor> ours = parameters(type), theirs = parameters(type);
    Optimizer optimizer(spec, named(ours));
    const auto expected = oracle(theirs);
    for (int step = 0; step < 50; ++step) {
      set_gradients(ours, step);
      set_gradients(theirs, step);
      optimizer.step({.rate = spec.lr});
      expected->step();
    }
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const double difference = (ours[i] - theirs[i]).abs().max().item<double>();
      EXPECT_LT(difference, type == at::kFloat ? 1e-6 : 1e-12) << c10::toString(type) << " parameter " << i;
      EXPECT_GT((ours[i] - parameters(type)[i]).abs().max().item<double>(), 1e-3) << "did not move";
    }
  }
}

template <typename Options>
Oracle sgd(const Options& options) {
  return [options](const std::vector<torch::Tensor>& p) { return std::make_unique<torch::optim::SGD>(p, options); };
}

TEST(Optimizer, Sgd) { expect_as_torch({.kind = Kind::sgd, .lr = 0.01}, sgd(torch::optim::SGDOptions(0.01))); }

TEST(Optimizer, SgdWithMomentumAndDecay) {
  expect_as_torch({.kind = Kind::sgd, .lr = 0.01, .weight_decay = 0.1, .momentum = 0.9},
                  sgd(torch::optim::SGDOptions(0.01).momentum(0.9).weight_decay(0.1)));
}

TEST(Optimizer, SgdWithNesterov) {
  expect_as_torch({.kind = Kind::sgd, .lr = 0.01, .weight_decay = 0.1, .momentum = 0.9, .nesterov = true},
                  sgd(torch::optim::SGDOptions(0.01).momentum(0.9).weight_decay(0.1).nesterov(true)));
}

TEST(Optimizer, Adam) {
  expect_as_torch({.kind = Kind::adam, .lr = 0.01, .weight_decay = 0.1, .beta1 = 0.8, .beta2 = 0.99},
                  [](const std::vector<torch::Tensor>& p) {
                    return std::make_unique<torch::optim::Adam>(
                        p, torch::optim::AdamOptions(0.01).weight_decay(0.1).betas({0.8, 0.99}));
                  });
}

TEST(Optimizer, AdamW) {
  expect_as_torch(
      {.kind = Kind::adamw, .lr = 0.01, .weight_decay = 0.1, .epsilon = 1e-6}, [](const std::vector<torch::Tensor>& p) {
        return std::make_unique<torch::optim::AdamW>(p, torch::optim::AdamWOptions(0.01).weight_decay(0.1).eps(1e-6));
      });
}

TEST(Optimizer, RmsProp) {
  expect_as_torch({.kind = Kind::rmsprop, .lr = 0.001, .weight_decay = 0.1, .alpha = 0.9},
                  [](const std::vector<torch::Tensor>& p) {
                    return std::make_unique<torch::optim::RMSprop>(
                        p, torch::optim::RMSpropOptions(0.001).weight_decay(0.1).alpha(0.9));
                  });
}

TEST(Optimizer, RmsPropWithMomentum) {
  expect_as_torch({.kind = Kind::rmsprop, .lr = 0.001, .momentum = 0.9}, [](const std::vector<torch::Tensor>& p) {
    return std::make_unique<torch::optim::RMSprop>(p, torch::optim::RMSpropOptions(0.001).momentum(0.9));
  });
}

TEST(Optimizer, AnotherRateAtEachStep) {
  const std::vector<torch::Tensor> ours = parameters(at::kDouble), theirs = parameters(at::kDouble);
  const OptimizerSpec spec{.kind = Kind::adam};
  Optimizer optimizer(spec, named(ours));
  torch::optim::Adam expected(theirs, torch::optim::AdamOptions(1.0));
  for (int step = 0; step < 10; ++step) {
    const double rate = 0.01 / (step + 1);
    set_gradients(ours, step);
    set_gradients(theirs, step);
    static_cast<torch::optim::AdamOptions&>(expected.param_groups()[0].options()).lr(rate);
    optimizer.step({.rate = rate});
    expected.step();
  }
  EXPECT_TRUE(at::allclose(ours[0], theirs[0], 1e-12, 1e-14));
}

TEST(Optimizer, DecaySparesNormsAndBiases) {
  for (const Kind kind : {Kind::sgd, Kind::adamw}) {
    const std::vector<torch::Tensor> tensors = parameters(at::kDouble), before = parameters(at::kDouble);
    Optimizer optimizer({.kind = kind, .weight_decay = 0.5, .decay_norm_and_bias = false}, named(tensors));
    for (torch::Tensor tensor : tensors) tensor.mutable_grad() = at::zeros_like(tensor);
    optimizer.step({.rate = 0.1});
    EXPECT_TRUE(at::allclose(tensors[0], before[0] * 0.95));
    EXPECT_TRUE(tensors[1].equal(before[1]));
    EXPECT_TRUE(tensors[3].equal(before[3]));
  }
}

TEST(Optimizer, AParameterWithoutGradientStays) {
  const std::vector<torch::Tensor> tensors = parameters(at::kDouble), before = parameters(at::kDouble);
  Optimizer optimizer({.kind = Kind::adam, .weight_decay = 0.5}, named(tensors));
  set_gradients(tensors, 0);
  torch::Tensor(tensors[2]).mutable_grad() = torch::Tensor();
  optimizer.step({.rate = 0.1});
  EXPECT_TRUE(tensors[2].equal(before[2]));
  EXPECT_FALSE(tensors[0].equal(before[0]));
  EXPECT_FALSE(tensors[0].grad().defined());
}

TEST(Optimizer, TellsEachNumberOnceAfterItHasMoved) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    torch::manual_seed(3);
    const std::vector<torch::Tensor> tensors = {torch::randn({100'001}, type).requires_grad_(),
                                                torch::randn({3}, type).requires_grad_(),
                                                torch::randn({}, type).requires_grad_()};
    Optimizer optimizer({.kind = Kind::sgd}, named(tensors));
    for (const std::size_t with_gradient : {0, 2})
      torch::Tensor(tensors[with_gradient]).mutable_grad() = at::ones_like(tensors[with_gradient]);
    std::vector<torch::Tensor> seen;
    for (const torch::Tensor& tensor : tensors) seen.push_back(at::zeros({tensor.numel()}, type));
    const auto add_seen = [&](std::size_t i, std::int64_t first, std::int64_t last) {
      const at::NoGradGuard no_gradient;
      seen[i].slice(0, first, last).add_(tensors[i].flatten().slice(0, first, last));
    };
    optimizer.step({.rate = 0.5, .after = add_seen});
    for (std::size_t i = 0; i < tensors.size(); ++i) EXPECT_TRUE(seen[i].equal(tensors[i].detach().flatten())) << i;
  }
}

TEST(Optimizer, GoesOnFromItsStateToTheSameBits) {
  for (const Kind kind : {Kind::sgd, Kind::adam, Kind::adamw, Kind::rmsprop}) {
    const OptimizerSpec spec{.kind = kind, .momentum = 0.9};
    const std::vector<torch::Tensor> whole = parameters(at::kFloat), halves = parameters(at::kFloat);
    Optimizer optimizer(spec, named(whole)), first(spec, named(halves)), second(spec, named(halves));
    for (int step = 0; step < 10; ++step) {
      if (step == 5) {
        const NamedTensors from = first.state(), to = second.state();
        ASSERT_EQ(from.size(), to.size());
        for (std::size_t i = 0; i < from.size(); ++i) {
          ASSERT_EQ(from[i].first, to[i].first);
          at::Tensor(to[i].second).copy_(from[i].second);
        }
      }
      set_gradients(whole, step);
      set_gradients(halves, step);
      optimizer.step({.rate = 0.01});
      (step < 5 ? first : second).step({.rate = 0.01});
    }
    for (std::size_t i = 0; i < whole.size(); ++i)
      EXPECT_TRUE(whole[i].equal(halves[i])) << static_cast<int>(kind) << " " << i;
  }
}

// ---- the backward pass within the step ----

// A loss that uses p0 twice, and not p3.
torch::Tensor loss_of(const std::vector<torch::Tensor>& p) {
  return p[0].pow(3).sum() + (p[1] * p[0].sum()).sum() + p[2].sin().sum();
}

TEST(OptimizerDuringTheBackwardPass, MovesToTheSameBits) {
  for (const Kind kind : {Kind::sgd, Kind::adam, Kind::adamw, Kind::rmsprop}) {
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
      for (const double max_norm : {0.0, 1.0}) {
        const OptimizerSpec spec{.kind = kind, .weight_decay = 0.1, .momentum = 0.9};
        const std::vector<torch::Tensor> during = parameters(type), afterwards = parameters(type);
        Optimizer one(spec, named(during)), other(spec, named(afterwards));
        for (int step = 0; step < 5; ++step) {
          one.step({.rate = 0.01, .max_norm = max_norm, .differentiate = [&] { loss_of(during).backward(); }});
          loss_of(afterwards).backward();
          other.step({.rate = 0.01, .max_norm = max_norm});
        }
        for (std::size_t i = 0; i < during.size(); ++i) {
          EXPECT_TRUE(during[i].equal(afterwards[i])) << static_cast<int>(kind) << " " << i;
          EXPECT_EQ(during[i].equal(parameters(type)[i]), i == 3) << "only what has a gradient moves";
          EXPECT_FALSE(during[i].grad().defined());
        }
      }
    }
  }
}

// Weights may move during the pass from the second step on.
void take_first_step(Optimizer& optimizer, const std::vector<torch::Tensor>& tensors) {
  optimizer.step({.rate = 0.01, .differentiate = [&] { loss_of(tensors).backward(); }});
}

TEST(OptimizerDuringTheBackwardPass, AWeightMovesBeforeThePassIsOver) {
  const std::vector<torch::Tensor> tensors = parameters(at::kFloat);
  Optimizer optimizer({.kind = Kind::sgd}, named(tensors));
  take_first_step(optimizer, tensors);
  std::vector<std::int64_t> told(tensors.size());
  const auto count = [&](std::size_t i, std::int64_t first, std::int64_t last) { told[i] += last - first; };
  std::vector<std::int64_t> in_time;
  const auto differentiate = [&] {
    loss_of(tensors).backward();
    in_time = told;
    for (const torch::Tensor& tensor : tensors) EXPECT_FALSE(tensor.grad().defined());
  };
  optimizer.step({.rate = 0.01, .differentiate = differentiate, .after = count});
  EXPECT_EQ(in_time, (std::vector<std::int64_t>{4 * 3 * 3 * 3, 4, 20, 0}));
  EXPECT_EQ(told, (std::vector<std::int64_t>{4 * 3 * 3 * 3, 4, 20, 1})) << "each number once, moved or not";
}

// What is done first in the forward pass comes last in the backward pass, and reads the weight under another name.
TEST(OptimizerDuringTheBackwardPass, AWeightThatIsStillNeededWaits) {
  const std::function<torch::Tensor(const torch::Tensor&)> other_names[] = {
      [](const torch::Tensor& w) { return w.detach(); }, [](const torch::Tensor& w) { return w.variable_data(); },
      [](const torch::Tensor& w) { return w.detach().flatten().view(w.sizes()); }};
  for (const auto& other_name : other_names) {
    const auto loss = [&](const std::vector<torch::Tensor>& p) {
      const torch::Tensor x = p[1] * 2.0;
      const torch::Tensor early = x * other_name(p[0]).flatten()[0];
      return (early * p[0].flatten()[1]).sum();
    };
    const std::vector<torch::Tensor> during = parameters(at::kFloat), afterwards = parameters(at::kFloat);
    Optimizer one({.kind = Kind::sgd}, named(during)), other({.kind = Kind::sgd}, named(afterwards));
    for (int step = 0; step < 3; ++step) {
      one.step({.rate = 0.1, .differentiate = [&] { loss(during).backward(); }});
      loss(afterwards).backward();
      other.step({.rate = 0.1});
    }
    for (std::size_t i = 0; i < during.size(); ++i) EXPECT_TRUE(during[i].equal(afterwards[i])) << i;
  }
}

// Of its second input nothing flows back.
class First final : public torch::autograd::Function<First> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext*, const torch::Tensor& a, const torch::Tensor&) {
    return a.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 torch::autograd::variable_list gradients) {
    return {gradients[0], torch::Tensor()};
  }
};

TEST(OptimizerDuringTheBackwardPass, AWeightWhoseGradientIsUndefinedStays) {
  const std::vector<torch::Tensor> tensors = parameters(at::kFloat);
  Optimizer optimizer({.kind = Kind::sgd}, named(tensors));
  take_first_step(optimizer, tensors);
  const torch::Tensor first = tensors[0].detach().clone(), second = tensors[1].detach().clone();
  optimizer.step({.rate = 0.01, .differentiate = [&] { First::apply(tensors[0], tensors[1]).sum().backward(); }});
  EXPECT_FALSE(tensors[0].equal(first));
  EXPECT_TRUE(tensors[1].equal(second));
}

TEST(OptimizerDuringTheBackwardPass, OtherTypesMoveAfterIt) {
  std::vector<torch::Tensor> tensors = parameters(at::kFloat);
  tensors[1] = tensors[1].detach().to(at::kDouble).requires_grad_();
  const torch::Tensor before = tensors[1].detach().clone();
  Optimizer optimizer({.kind = Kind::sgd}, named(tensors));
  const auto differentiate = [&](bool at_once) {
    (tensors[0].sum() + tensors[1].sum()).backward();
    EXPECT_EQ(tensors[0].grad().defined(), !at_once);
    EXPECT_TRUE(tensors[1].grad().defined());
  };
  optimizer.step({.rate = 0.5, .differentiate = [&] { differentiate(false); }});
  optimizer.step({.rate = 0.5, .differentiate = [&] { differentiate(true); }});
  EXPECT_TRUE(tensors[1].equal(before - 1.0));
}

TEST(OptimizerDuringTheBackwardPass, RefusesAGradientThatComesInParts) {
  const std::vector<torch::Tensor> tensors = parameters(at::kFloat);
  Optimizer optimizer({.kind = Kind::sgd}, named(tensors));
  take_first_step(optimizer, tensors);
  const auto twice = [&] {
    loss_of(tensors).backward();
    loss_of(tensors).backward();
  };
  try {
    optimizer.step({.rate = 0.01, .differentiate = twice});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::run);
    EXPECT_NE(std::string(error.what()).find("came in more than one part"), std::string::npos) << error.what();
  }
}

TEST(OptimizerDuringTheBackwardPass, IsOverWhenThePassFails) {
  const std::vector<torch::Tensor> tensors = parameters(at::kFloat);
  Optimizer optimizer({.kind = Kind::sgd}, named(tensors));
  EXPECT_THROW(optimizer.step({.rate = 0.01, .differentiate = [] { throw std::runtime_error("no gradient"); }}),
               std::runtime_error);
  loss_of(tensors).backward();
  EXPECT_TRUE(tensors[0].equal(parameters(at::kFloat)[0])) << "moved though no step was asked for";
  EXPECT_TRUE(tensors[0].grad().defined());
}

// Plain SGD at rate 1 moves the parameters by the gradients themselves.
TEST(Optimizer, ClipsTheNormOfAllGradients) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const auto moved = [&](std::optional<double> max_norm) {
      const std::vector<torch::Tensor> tensors = parameters(type), before = parameters(type);
      Optimizer optimizer({.kind = Kind::sgd}, named(tensors));
      double last = 0.0;
      // The second step is not clipped: it was not asked for.
      for (int step = 0; step < 2; ++step) {
        const std::vector<torch::Tensor> from = [&] {
          std::vector<torch::Tensor> copies;
          for (const torch::Tensor& tensor : tensors) copies.push_back(tensor.detach().clone());
          return copies;
        }();
        set_gradients(tensors, step);
        optimizer.step({.rate = 1.0, .max_norm = step == 0 ? max_norm.value_or(0.0) : 0.0});
        double sum = 0.0;
        for (std::size_t i = 0; i < tensors.size(); ++i)
          sum += (tensors[i].detach() - from[i]).to(at::kDouble).square().sum().item<double>();
        if (step == 0)
          last = std::sqrt(sum);
        else
          EXPECT_GT(std::sqrt(sum), 4.0);
      }
      return last;
    };
    const double whole = moved({});
    ASSERT_GT(whole, 4.0);
    EXPECT_NEAR(moved(1e9), whole, 1e-5);
    EXPECT_NEAR(moved(2.0), 2.0, 1e-5);
  }
}

TEST(Optimizer, TakesParametersAndGradientsInAnyMemoryFormat) {
  for (const bool parameter_last : {false, true}) {
    for (const bool gradient_last : {false, true}) {
      const auto format = [](bool last) {
        return last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
      };
      torch::Tensor plain = at::arange(54, at::kFloat).reshape({2, 3, 3, 3}),
                    tried = plain.contiguous(format(parameter_last)).clone();
      const torch::Tensor gradient = at::arange(54, at::kFloat).reshape({2, 3, 3, 3}).flip(0);
      for (torch::Tensor* tensor : {&plain, &tried}) tensor->requires_grad_();
      Optimizer first({.kind = Kind::adam}, named({plain})), second({.kind = Kind::adam}, named({tried}));
      plain.mutable_grad() = gradient.clone();
      tried.mutable_grad() = gradient.contiguous(format(gradient_last)).clone();
      first.step({.rate = 0.1});
      second.step({.rate = 0.1});
      EXPECT_TRUE(plain.equal(tried));
    }
  }
}

// More numbers than a thread takes at a time, beside tensors of a few.
TEST(Optimizer, DoesNotDependOnTheThreads) {
  const int before = at::get_num_threads();
  std::vector<torch::Tensor> results;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    torch::manual_seed(3);
    const std::vector<torch::Tensor> tensors = {torch::randn({100'001}).requires_grad_(),
                                                torch::randn({3}).requires_grad_(),
                                                torch::randn({40'000}).requires_grad_()};
    Optimizer optimizer({.kind = Kind::adam}, named(tensors));
    for (int step = 0; step < 3; ++step) {
      set_gradients(tensors, step);
      optimizer.step({.rate = 0.1, .max_norm = 0.5});
    }
    results.push_back(at::cat({tensors[0].detach(), tensors[1].detach(), tensors[2].detach()}));
  }
  at::set_num_threads(before);
  EXPECT_TRUE(results[0].equal(results[1]));
  EXPECT_TRUE(results[0].equal(results[2]));
}

}  // namespace
}  // namespace rxrun
