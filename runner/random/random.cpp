#include "random/random.h"

#include <cmath>
#include <numbers>

namespace rxrun {
namespace {

using random_bits::golden_gamma;
using random_bits::mix;

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t a, std::uint64_t b) : state_(mix(seed)) {
  // Each part passes through the mixer before the next is added, so (a, b) and (b, a) start apart.
  for (std::uint64_t part : {static_cast<std::uint64_t>(purpose), a, b})
    state_ = mix((state_ + golden_gamma) ^ mix(part + golden_gamma));
}

std::uint64_t RandomStream::next() { return mix(state_ += golden_gamma); }

double RandomStream::uniform() { return random_bits::unit(next()); }

double RandomStream::uniform(double low, double high) { return low + (high - low) * uniform(); }

std::uint64_t RandomStream::below(std::uint64_t bound) {
  // Lemire's method without its division: reject the few values that would favour small results.
  const std::uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const unsigned __int128 product = static_cast<unsigned __int128>(next()) * bound;
    if (static_cast<std::uint64_t>(product) >= threshold) return static_cast<std::uint64_t>(product >> 64);
  }
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

bool RandomStream::chance(double probability) { return uniform() < probability; }

std::uint64_t key_of(const char* text, std::size_t size) { return random_bits::hash_text({text, size}); }

}  // namespace rxrun
