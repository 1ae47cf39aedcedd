// What a batch norm and a ReLU made, together with what it takes to make it again. The convolution behind them needs
// its input once more in the backward pass, and their own input is kept until then anyway: making the one from the
// other again takes a pass over memory and keeps half as much (Chen et al. 2016, arXiv 1604.06174).
#pragma once

#include <torch/types.h>

namespace rxrun::layers {

struct Rectified {
  torch::Tensor y;        // relu(scale · x + shift)
  torch::Tensor x;        // detached; undefined: y cannot be made again and is to be kept
  torch::Tensor numbers;  // float32 {4, channels}: mean, inverse deviation, scale, shift
};

}  // namespace rxrun::layers
