#include "data/filter_kernels.h"

#include <algorithm>
#include <cstring>

// Compiled once for any processor and once for AVX2; the loader of the library picks. AVX2 alone knows no fused
// multiply-add, which would round otherwise.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define RXRUN_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define RXRUN_CLONES
#endif

namespace rxrun {
namespace {

constexpr std::int32_t half = 1 << (filter_weight_bits - 1);
constexpr int group = 4;                     // pixels at a time
constexpr std::size_t loaded = 16;           // bytes read for them: five pixels and a byte

inline std::uint8_t to_byte(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> filter_weight_bits, 0, 255)); }

}  // namespace

// Four numbers a pixel, the fourth of no use; `from` can be read up to 16 bytes beyond the last pixel.
RXRUN_CLONES static void filter_colour_row(const std::uint8_t* from, const Filter& filter, std::uint8_t* to) {
  typedef std::uint8_t Bytes __attribute__((vector_size(16)));
  typedef std::uint8_t Half __attribute__((vector_size(8)));
  typedef std::int32_t Numbers __attribute__((vector_size(32)));
  const std::size_t count = filter.first.size();
  const auto taps = static_cast<std::size_t>(filter.taps);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* at = from + 3 * filter.first[i];
    const std::int32_t* weight = filter.weights.data() + i * taps;
    Numbers even = {half, half, half, 0, 0, 0, 0, 0}, odd = {};
    for (int t = 0; t < filter.count[i]; t += group, at += 3 * group, weight += group) {
      Bytes pixels;
      std::memcpy(&pixels, at, loaded);
      const Bytes spread = __builtin_shuffle(pixels, Bytes{0, 1, 2, 15, 3, 4, 5, 15, 6, 7, 8, 15, 9, 10, 11, 15});
      Half low, high;
      std::memcpy(&low, &spread, sizeof low);
      std::memcpy(&high, reinterpret_cast<const char*>(&spread) + sizeof low, sizeof high);
      const std::int32_t a = weight[0], b = weight[1], c = weight[2], d = weight[3];
      even += __builtin_convertvector(low, Numbers) * Numbers{a, a, a, a, b, b, b, b};
      odd += __builtin_convertvector(high, Numbers) * Numbers{c, c, c, c, d, d, d, d};
    }
    even += odd;
    for (int channel = 0; channel < 3; ++channel) *to++ = to_byte(even[channel] + even[4 + channel]);
  }
}

RXRUN_CLONES static void filter_grey_row(const std::uint8_t* from, const Filter& filter, std::uint8_t* to) {
  const std::size_t count = filter.first.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* at = from + filter.first[i];
    const std::int32_t* weight = filter.weights.data() + i * static_cast<std::size_t>(filter.taps);
    std::int32_t sum = half;
    for (int t = 0; t < filter.count[i]; ++t) sum += weight[t] * at[t];
    to[i] = to_byte(sum);
  }
}

void filter_row(const std::uint8_t* from, int in, int channels, const Filter& filter, std::uint8_t* to) {
  if (channels == 1) {
    filter_grey_row(from, filter, to);
    return;
  }
  // A copy with room behind it.
  thread_local std::vector<std::uint8_t> row;
  const std::size_t bytes = 3 * static_cast<std::size_t>(in);
  row.resize(bytes + 3 * group + loaded);
  std::memcpy(row.data(), from, bytes);
  filter_colour_row(row.data(), filter, to);
}

RXRUN_CLONES void filter_column(const std::uint8_t* from, std::size_t width, const Filter& filter, std::size_t i, std::int32_t* sums,
                                std::uint8_t* to) {
  std::fill_n(sums, width, half);
  for (int t = 0; t < filter.count[i]; ++t) {
    const std::int32_t weight = filter.weights[i * static_cast<std::size_t>(filter.taps) + static_cast<std::size_t>(t)];
    const std::uint8_t* row = from + static_cast<std::size_t>(filter.first[i] + t) * width;
    for (std::size_t x = 0; x < width; ++x) sums[x] += weight * row[x];
  }
  for (std::size_t x = 0; x < width; ++x) to[x] = to_byte(sums[x]);
}

RXRUN_CLONES void scale_and_shift(const std::uint8_t* from, const float* scale, const float* shift, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]) * scale[i] + shift[i];
}

}  // namespace rxrun
