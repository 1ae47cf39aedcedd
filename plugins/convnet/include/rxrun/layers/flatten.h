// Flatten: channels × H × W -> channels·H·W features, channel by channel. Computes nothing.
#pragma once

#include "rxrun/layer.h"

namespace rxrun::layers {

class Flatten final : public Layer {
 public:
  struct Options {};
  Flatten(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;
};

}  // namespace rxrun::layers
