// SqueezeExcitation (Hu et al. 2018, arXiv 1709.01507): every channel is scaled by a number in (0, 1) that all
// channels' means decide:
//
//   y[c] = x[c] · sigmoid(fc2(relu(fc1(mean over pixels of x))))[c]
//
// fc1 maps to channels / reduction, fc2 back; both are 1×1 convolutions with bias, named as torchvision's.
// Channels × H × W, same shape out.
#pragma once

#include "rxrun/layers/conv.h"

namespace rxrun::layers {

class SqueezeExcitation final : public Layer {
 public:
  struct Options {
    std::int64_t reduction = 16;
  };
  SqueezeExcitation(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  Conv* fc1_ = nullptr;
  Conv* fc2_ = nullptr;
};

}  // namespace rxrun::layers
