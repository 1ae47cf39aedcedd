// BatchNorm: y = weight · (x - mean) / sqrt(variance + epsilon) + bias, for each channel (Ioffe, Szegedy 2015, arXiv
// 1502.03167), as torch.nn.BatchNorm2d and BatchNorm1d. Any shape whose first number is the channels; same shape out.
//
// In training mean and variance are the batch's, and running_mean, running_var move towards them by `momentum` (the
// variance unbiased); otherwise the running values are used.
#pragma once

#include "rxrun/layer.h"
#include "rxrun/layers/rectified.h"

namespace rxrun::layers {

class BatchNorm final : public Layer {
 public:
  struct Options {
    double epsilon = 1e-5;
    double momentum = 0.1;
    double initial_weight = 1.0;  // 0 makes a residual branch start as nothing (arXiv 1706.02677, 5.1)
  };
  BatchNorm(const Options& options, const Shape& input);
  // Throws LayerError in training when a channel has one value only: its variance is 0.
  torch::Tensor forward(const torch::Tensor& x) override;

  // relu(forward(x)) for a convolution, and relu(forward(x) + residual) for a residual of the same shape: in one
  // operation where the memory is channels-last, which passes over it fewer times and keeps less for the backward pass.
  Rectified rectify(const torch::Tensor& x);
  torch::Tensor forward_add_relu(const torch::Tensor& x, const torch::Tensor& residual);

  // What it computes in evaluation: scale · x + shift, for each channel, in float64.
  struct Line {
    torch::Tensor scale, shift;
  };
  Line evaluation() const;

 private:
  void count_batch(const torch::Tensor& x);

  double epsilon_;
  double momentum_;
  torch::Tensor weight_, bias_, running_mean_, running_var_, num_batches_tracked_;
};

}  // namespace rxrun::layers
