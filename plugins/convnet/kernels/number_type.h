// The types of a tensor's numbers that the kernels compute with. Arithmetic and sums are in float32 for both.
#pragma once

#include <cstdint>

namespace rxrun::kernels {

struct Bfloat16 {
  std::uint16_t bits;  // the upper half of a float32
};

enum class NumberType { float32, bfloat16 };

}  // namespace rxrun::kernels
