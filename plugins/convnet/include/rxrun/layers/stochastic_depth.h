// StochasticDepth (Huang et al. 2016, arXiv 1603.09382): the end of a residual branch. In training a sample's branch is
// dropped (zeroed) with `probability`, and divided by 1 - probability otherwise; outside of training y = x.
// Any shape; same shape out.
#pragma once

#include "rxrun/layer.h"

namespace rxrun::layers {

class StochasticDepth final : public Layer {
 public:
  struct Options {
    double probability = 0.1;
  };
  StochasticDepth(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  double probability_;
};

}  // namespace rxrun::layers
