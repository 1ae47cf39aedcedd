// Pooling: the largest value, or the mean, of each window of each channel; as torch.nn.MaxPool2d and AvgPool2d.
// Channels × H × W -> channels × H' × W', see window_output.
//
// `stride` defaults to the kernel, `padding` to floor((kernel - 1) / 2) on each side: 3/2 pooling halves as in ResNet's
// stem, 2/2 pooling has no padding.
#pragma once

#include "rxrun/layers/shapes.h"

namespace rxrun::layers {

// Padding counts as minus infinity.
class MaxPool final : public Layer {
 public:
  struct Options {
    Extent kernel = {2, 2};
    std::optional<Extent> stride;
    std::optional<Extent> padding;
    bool ceil_mode = false;
  };
  MaxPool(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  Window window_;
  bool ceil_mode_;
};

// The mean is over the pixels inside the image; with `count_padding` padding counts as zeros.
class AveragePool final : public Layer {
 public:
  struct Options {
    Extent kernel = {2, 2};
    std::optional<Extent> stride;
    std::optional<Extent> padding;
    bool ceil_mode = false;
    bool count_padding = false;
  };
  AveragePool(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  Window window_;
  bool ceil_mode_;
  bool count_padding_;
};

}  // namespace rxrun::layers
