// Memory for a task's intermediate values.
#pragma once

#include <cstdint>

namespace rxrun::kernels {

// At least `numbers` floats, this thread's, kept until it ends: the next call gives the same memory.
float* thread_scratch(std::int64_t numbers);

}  // namespace rxrun::kernels
