// Between the tensors of a safetensors file and LibTorch's. Includes no LibTorch.
#pragma once

#include <string>
#include <vector>

#include "training/safetensors.h"
#include "training/tensors.h"

namespace rxrun {

// Of the stored type; copied, because a foreign file's bytes need not be aligned. Throws Error for an `other` type.
at::Tensor tensor_of(const StoredTensor& stored);

// "`fc.bias`, `fc.weight` and 3 more", for messages.
std::string list_names(const std::vector<std::string>& names);

}  // namespace rxrun
