#include "data/filter_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstring>

// Compiled once for any processor, once for AVX2 and once for AVX-512; the loader of the library picks. Without
// contraction, as a fused multiply-add would round otherwise.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define RXRUN_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define RXRUN_CLONES
#endif

namespace rxrun {
namespace {

constexpr std::int32_t half = 1 << (filter_weight_bits - 1);

inline std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> filter_weight_bits, 0, 255));
}

}  // namespace

static void filter_colour_row(const std::uint8_t* from, const Filter& filter, std::uint8_t* to) {
  const std::size_t count = filter.first.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* at = from + std::ptrdiff_t{3} * filter.first[i];
    const std::int32_t* weight = filter.weights.data() + i * static_cast<std::size_t>(filter.taps);
    std::int32_t sums[3] = {half, half, half};
    for (int t = 0; t < filter.count[i]; ++t, at += 3)
      for (int channel = 0; channel < 3; ++channel) sums[channel] += weight[t] * at[channel];
    for (int channel = 0; channel < 3; ++channel) *to++ = to_byte(sums[channel]);
  }
}

#ifdef __x86_64__
// Four numbers a pixel, the fourth of no use, and four pixels a time: the compiler does not find this by itself. `from`
// can be read up to `beyond` bytes after the last pixel.
constexpr std::size_t beyond = 3 * 4 + 16;
constexpr std::ptrdiff_t four_pixels = 12;  // bytes

// A pixel from its three sums, which still lack the rounding.
__attribute__((target("avx2"))) static void put_pixel(__m128i sums, std::uint8_t* to) {
  sums = _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(half)), filter_weight_bits);
  const __m128i words = _mm_packs_epi32(sums, sums);
  const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  std::memcpy(to, &bytes, 3);
}

__attribute__((target("avx2"))) static void filter_colour_row_avx2(const std::uint8_t* from, const Filter& filter,
                                                                   std::uint8_t* to) {
  const __m128i spread = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
  const __m256i first_two = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1),
                last_two = _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3);
  const std::size_t count = filter.first.size(), taps = static_cast<std::size_t>(filter.taps);
  for (std::size_t i = 0; i < count; ++i, to += 3) {
    const std::uint8_t* at = from + std::ptrdiff_t{3} * filter.first[i];
    const std::int32_t* weight = filter.weights.data() + i * taps;
    __m256i a = _mm256_setzero_si256(), b = a;
    for (int t = 0; t < filter.count[i]; t += 4, at += four_pixels, weight += 4) {
      const __m128i pixels = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), spread);
      const __m256i weights = _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weight)));
      a = _mm256_add_epi32(
          a, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(pixels), _mm256_permutevar8x32_epi32(weights, first_two)));
      b = _mm256_add_epi32(b, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(_mm_srli_si128(pixels, 8)),
                                                 _mm256_permutevar8x32_epi32(weights, last_two)));
    }
    a = _mm256_add_epi32(a, b);
    put_pixel(_mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1)), to);
  }
}

// The four pixels in one register.
__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))) static void filter_colour_row_avx512(
    const std::uint8_t* from, const Filter& filter, std::uint8_t* to) {
  const __m128i spread = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
  const __m512i each_four_times = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  const std::size_t count = filter.first.size(), taps = static_cast<std::size_t>(filter.taps);
  for (std::size_t i = 0; i < count; ++i, to += 3) {
    const std::uint8_t* at = from + std::ptrdiff_t{3} * filter.first[i];
    const std::int32_t* weight = filter.weights.data() + i * taps;
    __m512i sums = _mm512_setzero_si512();
    for (int t = 0; t < filter.count[i]; t += 4, at += four_pixels, weight += 4) {
      const __m128i pixels = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), spread);
      const __m512i weights = _mm512_castsi128_si512(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weight)));
      sums = _mm512_add_epi32(
          sums, _mm512_mullo_epi32(_mm512_cvtepu8_epi32(pixels), _mm512_permutexvar_epi32(each_four_times, weights)));
    }
    const __m256i two = _mm256_add_epi32(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));
    put_pixel(_mm_add_epi32(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1)), to);
  }
}

using RowFilter = void (*)(const std::uint8_t* from, const Filter& filter, std::uint8_t* to);

// Null where none of them is for this processor.
static RowFilter vector_row_filter() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    return filter_colour_row_avx512;
  return __builtin_cpu_supports("avx2") ? filter_colour_row_avx2 : nullptr;
}
#endif

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

// Of any number of channels.
static void filter_row_of_bands(const std::uint8_t* from, std::size_t channels, const Filter& filter,
                                std::uint8_t* to) {
  const std::size_t count = filter.first.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* first = from + channels * static_cast<std::size_t>(filter.first[i]);
    const std::int32_t* weight = filter.weights.data() + i * static_cast<std::size_t>(filter.taps);
    for (std::size_t channel = 0; channel < channels; ++channel) {
      std::int32_t sum = half;
      for (std::size_t t = 0; t < static_cast<std::size_t>(filter.count[i]); ++t)
        sum += weight[t] * first[channels * t + channel];
      *to++ = to_byte(sum);
    }
  }
}

void filter_row(const std::uint8_t* from, int in, int channels, const Filter& filter, std::uint8_t* to) {
  if (channels == 1) {
    filter_grey_row(from, filter, to);
    return;
  }
  if (channels != 3) {
    filter_row_of_bands(from, static_cast<std::size_t>(channels), filter, to);
    return;
  }
#ifdef __x86_64__
  static const RowFilter by_vectors = vector_row_filter();
  if (by_vectors != nullptr) {
    // A copy with room behind it.
    thread_local std::vector<std::uint8_t> row;
    const std::size_t bytes = 3 * static_cast<std::size_t>(in);
    row.resize(bytes + beyond);
    std::memcpy(row.data(), from, bytes);
    by_vectors(row.data(), filter, to);
    return;
  }
#endif
  filter_colour_row(from, filter, to);
}

RXRUN_CLONES void filter_column(const std::uint8_t* from, std::size_t width, const Filter& filter, std::size_t i,
                                std::int32_t* sums, std::uint8_t* to) {
  std::fill_n(sums, width, half);
  for (int t = 0; t < filter.count[i]; ++t) {
    const std::int32_t weight = filter.weights[i * static_cast<std::size_t>(filter.taps) + static_cast<std::size_t>(t)];
    const std::uint8_t* row = from + static_cast<std::size_t>(filter.first[i] + t) * width;
    for (std::size_t x = 0; x < width; ++x) sums[x] += weight * row[x];
  }
  for (std::size_t x = 0; x < width; ++x) to[x] = to_byte(sums[x]);
}

RXRUN_CLONES void scale_and_shift(const std::uint8_t* from, const float* scale, const float* shift, std::size_t count,
                                  float* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]) * scale[i] + shift[i];
}

}  // namespace rxrun
