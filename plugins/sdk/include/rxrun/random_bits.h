// What every random number is made of, for the SDK and the runner alike. Without LibTorch.
#pragma once

#include <cstdint>
#include <string_view>

namespace rxrun {

// What a draw is for. The numbers are part of every run's identity: never renumber, only append.
enum class Purpose : std::uint64_t {
  split = 1,
  shuffle = 2,
  augment = 3,
  initialize = 4,
  layer = 5,
  sample = 6,
  sweep = 7,
};

namespace random_bits {

inline constexpr std::uint64_t golden_gamma = 0x9e3779b97f4a7c15ULL;

// The finaliser of SplitMix64: every bit of the input reaches every bit of the output.
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// [0, 1), 53 bits.
constexpr double unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1.0p-53; }

// FNV-1a, the same on every machine.
constexpr std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace random_bits
}  // namespace rxrun
