// Global pooling: one number a channel, its mean or its largest value. Channels × H × W -> channels × 1 × 1.
#pragma once

#include "rxrun/layer.h"

namespace rxrun::layers {

class GlobalAveragePool final : public Layer {
 public:
  struct Options {};
  GlobalAveragePool(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;
};

// Where several pixels are largest, the gradient goes to the first.
class GlobalMaxPool final : public Layer {
 public:
  struct Options {};
  GlobalMaxPool(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;
};

}  // namespace rxrun::layers
