// Two-dimensional convolution. The parts of it (forward, gradient of x, gradient of the weight) for which the kernels
// of kernels/grouped_convolution.h are faster are computed by them, 1×1 convolutions by pointwise.h, all else by
// LibTorch.
#pragma once

#include "rxrun/layers/rectified.h"
#include "rxrun/layers/shapes.h"

namespace rxrun::layers {

// As at::conv2d of x.y, in whose place the kernels keep x.x where there is one; `bias` may be undefined. Under autocast
// the weight of a bfloat16 image stays float32, and so does its gradient. Cannot be differentiated twice by the
// kernels: the attempt throws c10::Error.
torch::Tensor convolve(const Rectified& x, const torch::Tensor& weight, const torch::Tensor& bias, const Window& window,
                       std::int64_t groups);

}  // namespace rxrun::layers
