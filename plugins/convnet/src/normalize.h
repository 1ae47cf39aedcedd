// Batch norm and what follows it in a residual network as one operation: by the kernels of kernels/batch_norm.h for
// images in channels-last memory on the CPU, and by LibTorch's operations everywhere else.
#pragma once

#include <torch/types.h>

#include "rxrun/layers/rectified.h"

namespace rxrun::layers {

// A batch norm's tensors and numbers.
struct Normalization {
  torch::Tensor weight, bias, running_mean, running_var;  // of the channels
  bool training;  // by the batch's statistics, towards which the running ones move
  double momentum, epsilon;
};

// As at::batch_norm.
torch::Tensor normalize(const torch::Tensor& x, const Normalization& normalization);

// relu(batch_norm(x)), and that again, to the same bits.
Rectified normalize_relu(const torch::Tensor& x, const Normalization& normalization);
torch::Tensor rectify_again(const torch::Tensor& x, const torch::Tensor& statistics);

// relu(batch_norm(x) + residual); residual has the shape of x. For the backward pass x and the result are kept, no
// more.
torch::Tensor normalize_add_relu(const torch::Tensor& x, const Normalization& normalization,
                                 const torch::Tensor& residual);

}  // namespace rxrun::layers
