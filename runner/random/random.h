// Random numbers as a pure function of (seed, purpose, a, b), never of the order in which threads came by.
//
// A stream is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014) whose start state
// is a hash of its key. Distributions are written out here because those of <random> differ between standard libraries.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "rxrun/random_bits.h"

namespace rxrun {

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t a = 0, std::uint64_t b = 0);

  std::uint64_t next();                      // 64 uniform bits
  double uniform();                          // [0, 1), 53 bits
  double uniform(double low, double high);   // [low, high)
  std::uint64_t below(std::uint64_t bound);  // [0, bound), unbiased; bound > 0
  double normal();                           // mean 0, deviation 1 (Box-Muller)
  bool chance(double probability);           // true with that probability

  // Fisher-Yates.
  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::uint64_t state_;
};

// A key for a part that has a name (a layer's path, a parameter's name): FNV-1a, the same on every machine.
std::uint64_t key_of(const char* text, std::size_t size);

}  // namespace rxrun
