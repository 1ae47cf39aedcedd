#include "scratch.h"

#include <vector>

namespace rxrun::kernels {

float* thread_scratch(std::int64_t numbers) {
  thread_local std::vector<float> memory;
  if (memory.size() < static_cast<std::size_t>(numbers)) memory.resize(static_cast<std::size_t>(numbers));
  return memory.data();
}

}  // namespace rxrun::kernels
