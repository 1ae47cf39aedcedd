// Batch norm and what follows it in a residual network as one operation: by the kernels of kernels/batch_norm.h for
// images in channels-last memory on the CPU, and by LibTorch's operations everywhere else.
#pragma once

#include <torch/types.h>

namespace rxrun::layers {

// A batch norm's tensors and numbers.
struct Normalization {
  torch::Tensor weight, bias, running_mean, running_var;  // of the channels
  bool training;  // by the batch's statistics, towards which the running ones move
  double momentum, epsilon;
};

// As at::batch_norm, then max(0, ·) where `relu` says so.
torch::Tensor normalize(const torch::Tensor& x, const Normalization& normalization, bool relu);

// relu(batch_norm(x) + residual); residual has the shape of x. For the backward pass x and the result are kept, no
// more.
torch::Tensor normalize_add_relu(const torch::Tensor& x, const Normalization& normalization,
                                 const torch::Tensor& residual);

}  // namespace rxrun::layers
