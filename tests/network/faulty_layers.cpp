// Plugin `faulty_layers` for tests: layers that misbehave in forward, each in one way. Any shape; declared shape as the
// input's.
#include <rxrun/plugin.h>

#include <csignal>
#include <new>
#include <stdexcept>

namespace {

using rxrun::Layer;
using rxrun::Shape;
using torch::Tensor;

struct Undefined {
  static Tensor apply(const Tensor&) { return {}; }
};
struct WrongShape {
  static Tensor apply(const Tensor& x) { return at::cat({x, x}, 1); }
};
struct WrongType {
  static Tensor apply(const Tensor& x) { return x.to(torch::kDouble); }
};
struct InPlace {
  static Tensor apply(const Tensor& x) { return Tensor(x).add_(1).clone(); }
};
struct Detached {
  static Tensor apply(const Tensor& x) { return x.detach().clone(); }
};
struct Throws {
  static Tensor apply(const Tensor&) { throw std::runtime_error("the dog ate\x1b[2J it\nsecond line"); }
};
struct ThrowsInt {
  static Tensor apply(const Tensor&) { throw 42; }
};
struct ThrowsTorch {
  static Tensor apply(const Tensor& x) { return x.view({-1, 7, 11, 13}); }
};
struct OutOfMemory {
  static Tensor apply(const Tensor&) { throw std::bad_alloc(); }
};
struct NotFinite {
  static Tensor apply(const Tensor& x) { return at::div(x, at::zeros_like(x)); }
};
struct Segfault {
  static Tensor apply(const Tensor& x) {
    std::raise(SIGSEGV);
    return x.clone();
  }
};
struct Abort {
  static Tensor apply(const Tensor& x) {
    std::abort();
    return x.clone();
  }
};

// Forward is right; the hook that it leaves behind fails in the backward pass.
template <typename Fault>
struct InBackward {
  static Tensor apply(const Tensor& x) {
    Tensor inner = x * 1;
    if (inner.requires_grad()) inner.register_hook([](const Tensor& gradient) { return Fault::apply(gradient); });
    return inner * 1;
  }
};

template <typename Fault>
class Faulty final : public Layer {
 public:
  struct Options {};
  Faulty(const Options&, const Shape& input) : Layer(input) {}
  Tensor forward(const Tensor& x) override { return Fault::apply(x); }
};

class NoOutput final : public Layer {
 public:
  struct Options {};
  NoOutput(const Options&, const Shape& input) : Layer(input) { set_output_shape({0}); }
  Tensor forward(const Tensor& x) override { return x; }
};

class TwoNames final : public Layer {
 public:
  struct Options {};
  TwoNames(const Options&, const Shape& input) : Layer(input) {
    parameter("weight", weight_, {1}, rxrun::constant(1.0));
    parameter("weight_again", weight_, {1}, rxrun::constant(1.0));
  }
  Tensor forward(const Tensor& x) override { return x * weight_; }

 private:
  Tensor weight_;
};

class ThrowingConstructor final : public Layer {
 public:
  struct Options {};
  ThrowingConstructor(const Options&, const Shape& input) : Layer(input) {
    throw std::runtime_error("no table of weights");
  }
  Tensor forward(const Tensor& x) override { return x; }
};

class CrashingConstructor final : public Layer {
 public:
  struct Options {};
  CrashingConstructor(const Options&, const Shape& input) : Layer(input) { std::raise(SIGFPE); }
  Tensor forward(const Tensor& x) override { return x; }
};

}  // namespace

RXRUN_PLUGIN("faulty_layers", plugin) {
  plugin.layer<Faulty<Undefined>>("undefined", "returns no tensor");
  plugin.layer<Faulty<WrongShape>>("wrong_shape", "returns more than declared");
  plugin.layer<Faulty<WrongType>>("wrong_type", "returns doubles");
  plugin.layer<Faulty<InPlace>>("in_place", "changes its input");
  plugin.layer<Faulty<Detached>>("detached", "cuts the gradient");
  plugin.layer<Faulty<Throws>>("throws", "throws");
  plugin.layer<Faulty<ThrowsInt>>("throws_int", "throws no std::exception");
  plugin.layer<Faulty<ThrowsTorch>>("throws_torch", "makes LibTorch throw");
  plugin.layer<Faulty<OutOfMemory>>("out_of_memory", "throws bad_alloc");
  plugin.layer<Faulty<NotFinite>>("not_finite", "divides by zero");
  plugin.layer<Faulty<Segfault>>("segfault", "crashes");
  plugin.layer<Faulty<Abort>>("abort", "aborts");
  plugin.layer<Faulty<InBackward<Throws>>>("backward_throws", "throws in the backward pass");
  plugin.layer<Faulty<InBackward<Segfault>>>("backward_segfault", "crashes in the backward pass");
  plugin.layer<NoOutput>("no_output", "declares an empty output");
  plugin.layer<TwoNames>("two_names", "declares a tensor twice");
  plugin.layer<ThrowingConstructor>("throwing_constructor", "throws while it is built");
  plugin.layer<CrashingConstructor>("crashing_constructor", "crashes while it is built");
}
