// The functions of max_pool.h for the instruction set that this file is compiled for.
#pragma once

#include "max_pool.h"
#include "vector.h"

namespace rxrun::kernels {
namespace {
namespace pool {

using Index = std::int64_t;

typedef std::uint8_t Bytes __attribute__((vector_size(RXRUN_LANES)));
typedef Bytes UnalignedBytes __attribute__((aligned(1), may_alias));

bool takes(const MaxPooling& p) {
  return p.channels > 0 && p.channels % 16 == 0 && p.kernel_height > 0 && p.kernel_width > 0 &&
         p.kernel_height <= 256 && p.kernel_width <= 256 && p.kernel_height * p.kernel_width <= 256;
}

// Whole numbers first ... last - 1.
struct Range {
  Index first, last;
};

inline Index smaller(Index a, Index b) { return a < b ? a : b; }
inline Index larger(Index a, Index b) { return a > b ? a : b; }

// Of the window at `out`, the kernel's rows (or columns) that lie inside the image.
inline Range inside(Index out, Index stride, Index padding, Index kernel, Index size) {
  const Index start = out * stride - padding;
  return {larger(0, -start), smaller(kernel, size - start)};
}

// The windows that hold the image's row (or column) `at`.
inline Range windows(Index at, Index stride, Index padding, Index kernel, Index out_size) {
  const Index end = at + padding, start = end - kernel + 1;
  return {start <= 0 ? 0 : (start + stride - 1) / stride, smaller(out_size, end / stride + 1)};
}

template <typename Number, bool kPlaces>
void forward(const MaxPooling& p, const Number* x, Number* y, std::uint8_t* places, Index first_row, Index last_row) {
  for (Index row = first_row; row < last_row; ++row) {
    const Index image = row / p.out_height, top = row % p.out_height * p.stride_height - p.padding_height;
    const Range rows = inside(row % p.out_height, p.stride_height, p.padding_height, p.kernel_height, p.height);
    for (Index column = 0; column < p.out_width; ++column) {
      const Index left = column * p.stride_width - p.padding_width;
      const Range columns = inside(column, p.stride_width, p.padding_width, p.kernel_width, p.width);
      const Index to = (row * p.out_width + column) * p.channels;
      for (Index c = 0; c < p.channels; c += kLanes) {
        Vector largest = all_lanes(-__builtin_inff());
        Integers place = Integers{} + static_cast<std::int32_t>(rows.first * p.kernel_width + columns.first);
        for (Index i = rows.first; i < rows.last; ++i) {
          const Number* const from = x + ((image * p.height + top + i) * p.width + left) * p.channels + c;
          for (Index j = columns.first; j < columns.last; ++j) {
            const Vector value = load(from + j * p.channels);
            const Integers is_larger = (value > largest) | (value != value);
            largest = is_larger ? value : largest;
            if constexpr (kPlaces)
              place = is_larger ? Integers{} + static_cast<std::int32_t>(i * p.kernel_width + j) : place;
          }
        }
        store(y + to + c, largest);
        if constexpr (kPlaces)
          *reinterpret_cast<UnalignedBytes*>(places + to + c) = __builtin_convertvector(place, Bytes);
      }
    }
  }
}

template <typename Number>
void input_gradient(const MaxPooling& p, const Number* dy, const std::uint8_t* places, Number* dx, Index first_row,
                    Index last_row) {
  for (Index row = first_row; row < last_row; ++row) {
    const Index image = row / p.height, at_row = row % p.height;
    const Range rows = windows(at_row, p.stride_height, p.padding_height, p.kernel_height, p.out_height);
    for (Index column = 0; column < p.width; ++column) {
      const Range columns = windows(column, p.stride_width, p.padding_width, p.kernel_width, p.out_width);
      for (Index c = 0; c < p.channels; c += kLanes) {
        Vector sum{};
        for (Index i = rows.first; i < rows.last; ++i) {
          const Index in_window = (at_row + p.padding_height - i * p.stride_height) * p.kernel_width;
          const Index from = (image * p.out_height + i) * p.out_width * p.channels + c;
          for (Index j = columns.first; j < columns.last; ++j) {
            const auto here = static_cast<std::int32_t>(in_window + column + p.padding_width - j * p.stride_width);
            const Bytes bytes = *reinterpret_cast<const UnalignedBytes*>(places + from + j * p.channels);
            const Integers place = __builtin_convertvector(bytes, Integers);
            const Vector gradient = load(dy + from + j * p.channels);
            sum += place == Integers{} + here ? gradient : Vector{};
          }
        }
        store(dx + (row * p.width + column) * p.channels + c, sum);
      }
    }
  }
}

// ---- by type ----

template <typename Number>
void forward_of(const MaxPooling& p, const void* x, void* y, std::uint8_t* places, Index first_row, Index last_row) {
  const auto run = places ? forward<Number, true> : forward<Number, false>;
  run(p, static_cast<const Number*>(x), static_cast<Number*>(y), places, first_row, last_row);
}

void forward_any(const MaxPooling& p, const void* x, void* y, std::uint8_t* places, Index first_row, Index last_row) {
  const auto run = p.type == NumberType::float32 ? forward_of<float> : forward_of<Bfloat16>;
  run(p, x, y, places, first_row, last_row);
}

void input_gradient_any(const MaxPooling& p, const void* dy, const std::uint8_t* places, void* dx, Index first_row,
                        Index last_row) {
  if (p.type == NumberType::float32)
    return input_gradient(p, static_cast<const float*>(dy), places, static_cast<float*>(dx), first_row, last_row);
  input_gradient(p, static_cast<const Bfloat16*>(dy), places, static_cast<Bfloat16*>(dx), first_row, last_row);
}

}  // namespace pool

constexpr MaxPoolKernels max_pool_functions(InstructionSet set) {
  return {set, pool::takes, pool::forward_any, pool::input_gradient_any};
}

}  // namespace
}  // namespace rxrun::kernels
