// GroupNorm (Wu, He 2018, arXiv 1803.08494): as LayerNorm, over each of `groups` groups of channels, with a weight and
// a bias a channel; as torch.nn.GroupNorm. Any shape whose first number is the channels; same shape out.
#pragma once

#include "rxrun/layer.h"

namespace rxrun::layers {

class GroupNorm final : public Layer {
 public:
  struct Options {
    std::int64_t groups = 32;
    double epsilon = 1e-5;
  };
  GroupNorm(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  std::int64_t groups_;
  double epsilon_;
  torch::Tensor weight_, bias_;
};

}  // namespace rxrun::layers
