// How this folder's headers speak of tensors without including LibTorch.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace at {
class Tensor;
}

namespace rxrun {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

}  // namespace rxrun
