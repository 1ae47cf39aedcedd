// LayerNorm (Ba et al. 2016, arXiv 1607.06450): y = weight · (x - mean) / sqrt(variance + epsilon) + bias.
// Mean and variance are over one sample's numbers (`over: sample`; as many weights), as torch.nn.LayerNorm; or over the
// channels of each pixel (`over: channels`; a weight a channel), as in ConvNeXt. Any shape; same shape out.
#pragma once

#include <string>

#include "rxrun/layer.h"

namespace rxrun::layers {

class LayerNorm final : public Layer {
 public:
  struct Options {
    std::string over = "sample";
    double epsilon = 1e-5;
  };
  LayerNorm(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  bool each_pixel_;
  double epsilon_;
  Shape normalized_;
  torch::Tensor weight_, bias_;
};

}  // namespace rxrun::layers
