// Vectors of RXRUN_LANES numbers in GCC's notation, for the files that are compiled once for each instruction set. All is
// of internal linkage, and no other header with functions may be included beside it: the linker would keep one
// instruction set's copy of an inline function for the whole program.
#pragma once

#include <cstdint>

#include "number_type.h"

namespace rxrun::kernels {
namespace {

inline constexpr std::int64_t kLanes = RXRUN_LANES;

typedef float Vector __attribute__((vector_size(4 * RXRUN_LANES)));
typedef std::int32_t Integers __attribute__((vector_size(4 * RXRUN_LANES)));
typedef std::uint32_t Words __attribute__((vector_size(4 * RXRUN_LANES)));
typedef std::uint16_t Halves __attribute__((vector_size(2 * RXRUN_LANES)));
typedef Vector UnalignedVector __attribute__((aligned(4), may_alias));
typedef Halves UnalignedHalves __attribute__((aligned(2), may_alias));

inline Vector load(const float* from) { return *reinterpret_cast<const UnalignedVector*>(from); }
inline Vector load(const Bfloat16* from) {
  const Halves halves = *reinterpret_cast<const UnalignedHalves*>(from);
  return reinterpret_cast<Vector>(__builtin_convertvector(halves, Words) << 16);
}

inline void store(float* to, Vector value) { *reinterpret_cast<UnalignedVector*>(to) = value; }
// To the nearest, halves to even; not-a-number stays so.
inline void store(Bfloat16* to, Vector value) {
  const Words bits = reinterpret_cast<Words>(value);
  const Words rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const Words not_a_number = Words{} + 0x7fc0u;
  const Words chosen = value == value ? rounded : not_a_number;
  *reinterpret_cast<UnalignedHalves*>(to) = __builtin_convertvector(chosen, Halves);
}

inline Vector all_lanes(float value) { return value - Vector{}; }

// Lane k of the result is lane index[k] of `value`.
inline Vector permute(Vector value, Integers index) {
#if defined(__clang__)
  Vector result;
  for (int k = 0; k < RXRUN_LANES; ++k) result[k] = value[index[k]];
  return result;
#else
  return __builtin_shuffle(value, index);
#endif
}

// max(0, value); not-a-number stays so.
inline Vector clip_at_zero(Vector value) { return Vector{} > value ? Vector{} : value; }

}  // namespace
}  // namespace rxrun::kernels
