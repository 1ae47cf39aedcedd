// Max pooling of images in channels-last memory. Unlike LibTorch's it keeps a byte, not eight, of where each largest
// value stood, and its backward pass gathers: rows of the image are independent of each other.
#pragma once

#include <cstdint>

#include "instruction_set.h"
#include "number_type.h"

namespace rxrun::kernels {

struct MaxPooling {
  std::int64_t batch = 0, channels = 0, height = 0, width = 0, out_height = 0, out_width = 0;
  std::int64_t kernel_height = 0, kernel_width = 0, stride_height = 0, stride_width = 0;
  std::int64_t padding_height = 0, padding_width = 0;  // counts as minus infinity
  NumberType type = NumberType::float32;
};

// One instruction set's functions. A task is a row of pixels of one image: of the output forward, of the input
// backward.
struct MaxPoolKernels {
  InstructionSet instruction_set;

  bool (*takes)(const MaxPooling& pooling);  // channels are a multiple of 16, windows have at most 256 pixels

  // `places` may be null; else it is written like y: the number of the largest value's pixel in its window, row by row.
  // The first of equal values counts, and not-a-number is larger than all.
  void (*forward)(const MaxPooling& pooling, const void* x, void* y, std::uint8_t* places, std::int64_t first_row,
                  std::int64_t last_row);
  void (*input_gradient)(const MaxPooling& pooling, const void* y_gradient, const std::uint8_t* places,
                         void* x_gradient, std::int64_t first_row, std::int64_t last_row);
};

// For an instruction set that this processor has.
const MaxPoolKernels& max_pool_kernels(InstructionSet set);

}  // namespace rxrun::kernels
