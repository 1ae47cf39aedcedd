#include "rxrun/layers/stochastic_depth.h"

#include "rxrun/to_device.h"

namespace rxrun::layers {

StochasticDepth::StochasticDepth(const Options& options, const Shape& input)
    : Layer(input), probability_(options.probability) {
  if (!(probability_ >= 0.0 && probability_ < 1.0)) {
    throw LayerError("`drop_path` is " + std::to_string(probability_) + ": it must be at least 0 and less than 1");
  }
  if (probability_ > 0.0) declare_random();
}

torch::Tensor StochasticDepth::forward(const torch::Tensor& x) {
  if (!training() || probability_ == 0.0) return x;
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.dim()), 1);
  sizes[0] = x.size(0);
  const double keep = 1.0 - probability_;
  const torch::Tensor drawn = at::empty(sizes, x.options().device(at::kCPU)).bernoulli_(keep, generator()).div_(keep);
  return x * to_device(drawn, x.device());
}

}  // namespace rxrun::layers
