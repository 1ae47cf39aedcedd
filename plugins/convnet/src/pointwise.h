// A 1×1 convolution of images in channels-last memory as what it is: a product of matrices, pixels × channels. The weight
// is read as it lies in memory, where a convolution first brings it into an order of its own, in the forward pass and for
// each gradient.
#pragma once

#include "rxrun/layers/shapes.h"

namespace rxrun::layers {

bool is_pointwise(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, const Window& window,
                  std::int64_t groups);

// As at::conv2d, where is_pointwise. The weight and its gradient are float32, whatever x is; the products are summed in
// float32. Cannot be differentiated twice: the attempt throws c10::Error.
torch::Tensor convolve_pointwise(const torch::Tensor& x, const torch::Tensor& weight, const Window& window);

}  // namespace rxrun::layers
