// The two passes of a resize, and bytes to floats, for whatever vector instructions the processor has: the same bits
// with any of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rxrun {

inline constexpr int filter_weight_bits = 22;  // 255 × 2^22 is what an int32 holds

// One axis: output i is the sum over t < count[i] of weights[i * taps + t] × input[first[i] + t], in units of 2^-22.
// `taps` is a multiple of 4; the weights from count[i] on are 0.
struct Filter {
  int taps = 0;
  std::vector<int> first, count;
  std::vector<std::int32_t> weights;
};

// A row of `in` pixels to filter.first.size() pixels.
void filter_row(const std::uint8_t* from, int in, int channels, const Filter& filter, std::uint8_t* to);

// Row i of the output from the input's rows of `width` bytes; `sums`: room for as many numbers.
void filter_column(const std::uint8_t* from, std::size_t width, const Filter& filter, std::size_t i, std::int32_t* sums,
                   std::uint8_t* to);

// to[i] = from[i] × scale[i] + shift[i], multiplied and added apart.
void scale_and_shift(const std::uint8_t* from, const float* scale, const float* shift, std::size_t count, float* to);

}  // namespace rxrun
