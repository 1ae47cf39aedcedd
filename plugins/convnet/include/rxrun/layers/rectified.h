// What a batch norm and a ReLU made, together with what it takes to make it again. The convolution behind them needs
// its input once more in the backward pass, and their own input is kept until then anyway: making the one from the
// other again takes a pass over memory and keeps half as much (Chen et al. 2016, arXiv 1604.06174).
#pragma once

#include <torch/types.h>

namespace rxrun::layers {

// Made by BatchNorm::rectify, which knows what the statistics are; from a tensor alone, {y, {}, {}}. `x` and
// `statistics` are defined both or neither.
struct Rectified {
  torch::Tensor y;           // {batch, channels, height, width}
  torch::Tensor x;           // the batch norm's input, detached; undefined: y cannot be made again and is to be kept
  torch::Tensor statistics;  // float32, a row of the channels for each number that the batch norm needs
};

}  // namespace rxrun::layers
