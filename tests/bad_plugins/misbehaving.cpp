// A plugin whose layers each do one thing that a layer must not.
#include <rxrun/plugin.h>

namespace {

using rxrun::Shape;
using torch::Tensor;

struct NoOptions {};

class ThrowsInConstructor final : public rxrun::Layer {
 public:
  using Options = NoOptions;
  ThrowsInConstructor(const Options&, const Shape& input) : Layer(input) { throw std::out_of_range("no such table"); }
  Tensor forward(const Tensor& x) override { return x + 1; }
};

class Base : public rxrun::Layer {
 public:
  using Options = NoOptions;
  Base(const Options&, const Shape& input) : Layer(input) {}
};

#define LAYER(Name, expression)                              \
  class Name final : public Base {                           \
   public:                                                   \
    using Base::Base;                                        \
    Tensor forward(const Tensor& x) override { expression; } \
  };
LAYER(ThrowsInForward, if (x.defined()) throw std::runtime_error("forward gave up"); return x)
LAYER(ThrowsNonStdInForward, if (x.defined()) throw 7; return x)
LAYER(WrongShape, return at::cat({x, x}, 1))
LAYER(WrongRank, return x.flatten())
LAYER(WrongType, return x.to(torch::kHalf))
LAYER(NotANumber, return x / at::zeros_like(x) * 0)
LAYER(DetachedGradient, return x.detach() * 2)
LAYER(AliasesInput, return x)
LAYER(MutatesInput, at::Tensor copy = x.detach(); copy.add_(1); return x * 2)
LAYER(ReturnsNothing, (void)x; return {})
LAYER(UsesGlobalRandom, return x * at::rand_like(x))
LAYER(DependsOnBatch, return x - x.mean(0, true))
// Declares no gradient for one of its factors.
LAYER(WrongGradient, return x * x.detach())

class AliasesParameter final : public Base {
 public:
  AliasesParameter(const Options& options, const Shape& input) : Base(options, input) {
    Shape sizes = input;
    sizes.insert(sizes.begin(), 4);
    parameter("table", table_, sizes, rxrun::constant(1.0));
  }
  Tensor forward(const Tensor& x) override { return table_.narrow(0, 0, x.size(0)); }

 private:
  Tensor table_;
};

// Keeps what it learns outside of the declared tensors, so no checkpoint holds it.
class HiddenState final : public Base {
 public:
  using Base::Base;
  Tensor forward(const Tensor& x) override {
    if (training()) sum_ += x.detach().sum().item<double>();
    return x + sum_;
  }

 private:
  double sum_ = 0.0;
};

class ReusesOutput final : public Base {
 public:
  using Base::Base;
  Tensor forward(const Tensor& x) override {
    if (!kept_.defined() || kept_.sizes() != x.sizes()) kept_ = at::empty_like(x.detach());
    kept_.detach().copy_(x.detach() * 2);
    return kept_;
  }

 private:
  Tensor kept_;
};

// Adds a tensor of the CPU, wherever the input is.
class AddsTensorOfTheCpu final : public Base {
 public:
  using Base::Base;
  Tensor forward(const Tensor& x) override { return x + at::ones({x.size(1), 1, 1}); }
};

// Draws where the input is, which on a GPU the CPU's generator cannot.
class DrawsOnDevice final : public Base {
 public:
  DrawsOnDevice(const Options& options, const Shape& input) : Base(options, input) { declare_random(); }
  Tensor forward(const Tensor& x) override {
    return training() ? x * at::empty_like(x).uniform_(0.5, 1.5, generator()) : x.clone();
  }
};

}  // namespace

RXRUN_PLUGIN("misbehaving", plugin) {
  plugin.layer<ThrowsInConstructor>("throws_in_constructor", "");
  plugin.layer<ThrowsInForward>("throws_in_forward", "");
  plugin.layer<ThrowsNonStdInForward>("throws_non_std_in_forward", "");
  plugin.layer<WrongShape>("wrong_shape", "");
  plugin.layer<WrongRank>("wrong_rank", "");
  plugin.layer<WrongType>("wrong_type", "");
  plugin.layer<NotANumber>("not_a_number", "");
  plugin.layer<DetachedGradient>("detached_gradient", "");
  plugin.layer<WrongGradient>("wrong_gradient", "");
  plugin.layer<AliasesInput>("aliases_input", "");
  plugin.layer<AliasesParameter>("aliases_parameter", "");
  plugin.layer<ReusesOutput>("reuses_output", "");
  plugin.layer<MutatesInput>("mutates_input", "");
  plugin.layer<ReturnsNothing>("returns_nothing", "");
  plugin.layer<UsesGlobalRandom>("uses_global_random", "");
  plugin.layer<DependsOnBatch>("depends_on_batch", "");
  plugin.layer<HiddenState>("hidden_state", "");
  plugin.layer<AddsTensorOfTheCpu>("adds_tensor_of_the_cpu", "");
  plugin.layer<DrawsOnDevice>("draws_on_device", "");
}
