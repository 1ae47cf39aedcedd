// A 1×1 convolution of images in channels-last memory as what it is: a product of matrices, pixels × channels. The
// weight is read as it lies in memory, where a convolution first brings it into an order of its own, in the forward
// pass and for each gradient.
#pragma once

#include <utility>

#include "rxrun/layers/rectified.h"
#include "rxrun/layers/shapes.h"

namespace rxrun::layers {

// Whether convolve_pointwise takes it: 1×1, no bias, one group, no padding, at least 64 channels on both sides, in a
// type and memory for which oneDNN has all three products.
bool is_pointwise(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, const Window& window,
                  std::int64_t groups);

// As at::conv2d of x.y, where is_pointwise; x.x is kept in its place where there is one. The weight and its gradient
// are float32, whatever x is; the products are summed in float32. Cannot be differentiated twice: the attempt throws
// c10::Error.
torch::Tensor convolve_pointwise(const Rectified& x, const torch::Tensor& weight, const Window& window);

// The same, and x for what else reads it, such as a residual block's shortcut: the gradient that comes back that way is
// added to the input's as the product of matrices is written, where autograd would make a pass over memory of it.
std::pair<torch::Tensor, torch::Tensor> convolve_pointwise_and_pass(const torch::Tensor& x, const torch::Tensor& weight,
                                                                    const Window& window);

}  // namespace rxrun::layers
