// Conv: two-dimensional convolution (cross-correlation), as torch.nn.Conv2d.
//
//   y[k, i, j] = bias[k] + sum over c, u, v of weight[k, c, u, v] · x[c, s·i + d·u - p, s·j + d·v - p]
//
// With `groups` g the channels fall into g groups that do not see each other (Xie et al. 2017, arXiv 1611.05431, call g
// the cardinality). Channels × H × W -> channels × H' × W', see window_output.
// Weights start from a normal distribution with deviation sqrt(2 / (channels · kernel area)), "fan out", as
// torchvision's ResNet; the bias as PyTorch's.
#pragma once

#include <utility>

#include "rxrun/layers/rectified.h"
#include "rxrun/layers/shapes.h"

namespace rxrun::layers {

class Conv final : public Layer {
 public:
  struct Options {
    std::int64_t channels = 0;
    Extent kernel = {3, 3};
    Extent stride = {1, 1};
    std::optional<Extent> padding;  // absent: same_padding
    Extent dilation = {1, 1};
    std::int64_t groups = 1;
    bool bias = false;
  };
  Conv(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;
  // forward(x.y), which keeps what x is made of in its place for the backward pass where it can.
  torch::Tensor forward(const Rectified& x);
  // y, and x for what else reads it: a gradient that comes back through that costs less than one through x itself.
  std::pair<torch::Tensor, torch::Tensor> forward_and_pass(const torch::Tensor& x);

  const torch::Tensor& weight() const { return weight_; }
  const torch::Tensor& bias() const { return bias_; }  // undefined without one
  const Window& window() const { return window_; }
  std::int64_t groups() const { return groups_; }

 private:
  Window window_;
  std::int64_t groups_;
  torch::Tensor weight_;
  torch::Tensor bias_;
};

}  // namespace rxrun::layers
