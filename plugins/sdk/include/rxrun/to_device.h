// What is made on the CPU (draws, labels), brought to the device that computes.
#pragma once

#include <torch/types.h>

#include "rxrun/export.h"

namespace rxrun {

// `tensor` is on the CPU; itself where `device` is the CPU, else a copy in the same order of memory. To a CUDA device
// it goes through page-locked memory, and neither the caller nor the device's earlier work is waited for.
RXRUN_API torch::Tensor to_device(const torch::Tensor& tensor, torch::Device device);

}  // namespace rxrun
