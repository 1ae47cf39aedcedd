#include "rxrun/layers/dropout.h"

#include "rxrun/to_device.h"

namespace rxrun::layers {

Dropout::Dropout(const Options& options, const Shape& input)
    : Layer(input), probability_(options.probability), channels_(options.channels) {
  if (!(probability_ >= 0.0 && probability_ < 1.0)) {
    throw LayerError("`probability` is " + std::to_string(probability_) + ": it must be at least 0 and less than 1");
  }
  if (probability_ > 0.0) declare_random();
}

torch::Tensor Dropout::forward(const torch::Tensor& x) {
  if (!training() || probability_ == 0.0) return x;
  // Drawn on the CPU, in the order of x's memory.
  const torch::TensorOptions drawn = x.options().device(at::kCPU);
  torch::Tensor mask;
  if (channels_) {
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.dim()), 1);
    sizes[0] = x.size(0);
    sizes[1] = x.size(1);
    mask = at::empty(sizes, drawn);
  } else {
    mask = at::empty_like(x, drawn);
  }
  const double keep = 1.0 - probability_;
  mask.bernoulli_(keep, generator()).div_(keep);
  return x * to_device(mask, x.device());
}

}  // namespace rxrun::layers
