// First values of a tensor as a pure function of (key, index): independent of threads, LibTorch's version and
// instruction set.
#pragma once

#include <cstdint>

#include <torch/types.h>

#include "rxrun/initializer.h"

namespace rxrun::detail {

std::uint64_t combine(std::uint64_t key, std::uint64_t value);  // a new key; order matters

// `tensor` is a contiguous float or double tensor on the CPU, or any type for a constant.
void fill(torch::Tensor& tensor, const Initializer& initial, std::uint64_t key);

}  // namespace rxrun::detail
