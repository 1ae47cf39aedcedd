// From `rxrun` to `rxrun-engine`, the program that knows LibTorch.
#pragma once

#include <string>
#include <vector>

namespace rxrun {

// Replaces this process by the engine with the same arguments. Returns only by throwing Error, when it cannot be
// started.
[[noreturn]] void hand_over_to_engine(const std::vector<std::string>& arguments);

}  // namespace rxrun
