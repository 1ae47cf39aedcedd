// Dropout (Srivastava et al. 2014): in training each number is zeroed with `probability`, the rest divided by
// 1 - probability; otherwise y = x. With `channels` whole channels are zeroed (Tompson et al. 2015, arXiv 1411.4280).
// Any shape; same shape out.
#pragma once

#include "rxrun/layer.h"

namespace rxrun::layers {

class Dropout final : public Layer {
 public:
  struct Options {
    double probability = 0.5;
    bool channels = false;
  };
  Dropout(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  double probability_;
  bool channels_;
};

}  // namespace rxrun::layers
