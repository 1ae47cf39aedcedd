// Vectors of RXRUN_LANES numbers in GCC's notation, for the files that are compiled once for each instruction set. All
// is of internal linkage, and no other header with functions may be included beside it: the linker would keep one
// instruction set's copy of an inline function for the whole program.
#pragma once

#if defined(__AVX512BF16__)
#include <immintrin.h>  // its functions are always inlined
#endif

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
// The upper halves of the results: to the nearest, halves to even; not-a-number stays so.
inline Words rounded_to_bfloat16(Vector value) {
  const Words bits = reinterpret_cast<Words>(value);
  return value == value ? bits + 0x7fffu + ((bits >> 16) & 1u) : Words{} + 0x7fc00000u;
}
inline void store(Bfloat16* to, Vector value) {
#if defined(__AVX512BF16__)
  *reinterpret_cast<UnalignedHalves*>(to) = reinterpret_cast<Halves>(_mm512_cvtneps_pbh(value));
#else
  *reinterpret_cast<UnalignedHalves*>(to) = __builtin_convertvector(rounded_to_bfloat16(value) >> 16, Halves);
#endif
}

// Two vectors of numbers that lie one behind the other. Those of bfloat16 come apart faster in the order of a Pair:
// the numbers of even place in the first, of odd place in the second.
struct Pair {
  Vector first, second;
};
typedef Words UnalignedWords __attribute__((aligned(2), may_alias));

inline Pair load_pair(const float* from) { return {load(from), load(from + kLanes)}; }
inline Pair load_pair(const Bfloat16* from) {
  const Words words = *reinterpret_cast<const UnalignedWords*>(from);
  return {reinterpret_cast<Vector>(words << 16), reinterpret_cast<Vector>(words & 0xffff0000u)};
}
inline void store_pair(float* to, const Pair& pair) {
  store(to, pair.first);
  store(to + kLanes, pair.second);
}
inline void store_pair(Bfloat16* to, const Pair& pair) {
#if defined(__AVX512BF16__)
  typedef std::uint16_t AllHalves __attribute__((vector_size(64)));
  const AllHalves halves = reinterpret_cast<AllHalves>(_mm512_cvtne2ps_pbh(pair.second, pair.first));
#if defined(__clang__)
  const AllHalves interleaved =
      __builtin_shufflevector(halves, halves, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10,
                              26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#else
  constexpr AllHalves kOrder = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const AllHalves interleaved = __builtin_shuffle(halves, kOrder);
#endif
  *reinterpret_cast<UnalignedWords*>(to) = reinterpret_cast<Words>(interleaved);
#else
  *reinterpret_cast<UnalignedWords*>(to) =
      (rounded_to_bfloat16(pair.first) >> 16) | (rounded_to_bfloat16(pair.second) & 0xffff0000u);
#endif
}
// The numbers of channels, in the order in which load_pair brings those of a pixel.
inline Pair load_channels(const float* from, const float*) { return load_pair(from); }
inline Pair load_channels(const float* from, const Bfloat16*) {
  const Pair pair = load_pair(from);
#if defined(__clang__)
  Pair apart;
  for (int k = 0; k < RXRUN_LANES / 2; ++k) {
    apart.first[k] = pair.first[2 * k], apart.first[k + RXRUN_LANES / 2] = pair.second[2 * k];
    apart.second[k] = pair.first[2 * k + 1], apart.second[k + RXRUN_LANES / 2] = pair.second[2 * k + 1];
  }
  return apart;
#else
  Integers even;
  for (int k = 0; k < RXRUN_LANES; ++k) even[k] = 2 * k;
  return {__builtin_shuffle(pair.first, pair.second, even), __builtin_shuffle(pair.first, pair.second, even + 1)};
#endif
}
// The place among a pair's numbers of the first (0) or second (1) vector's lane k.
inline std::int64_t place_in_pair(const float*, int vector, std::int64_t k) { return vector * kLanes + k; }
inline std::int64_t place_in_pair(const Bfloat16*, int vector, std::int64_t k) { return 2 * k + vector; }

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
