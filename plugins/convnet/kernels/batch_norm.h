// The passes over memory that batch norm takes, forward and backward, with what follows it in a residual network: an
// addition and a ReLU. In channels-last memory, {pixels, channels} with the images' pixels one after the other.
//
//   y = scale · x + shift, or relu of it, or relu(scale · x + shift + residual); scale and shift are a channel's
//
// A pass is split into tasks, which threads may run in any order: sums are kept apart by tasks and added in a fixed
// order, so that results do not depend on how many threads there are. Sums are of float32 over 64 pixels, of float64
// from there on.
#pragma once

#include <cstdint>

#include "instruction_set.h"
#include "number_type.h"

namespace rxrun::kernels {

// Tensors are of `type`; numbers a channel are float32.
struct NormalizedTensor {
  std::int64_t pixels = 0, channels = 0;  // pixels of all images
  NumberType type = NumberType::float32;
};

// What the gradient of the output goes through before it meets the normalisation.
enum class Mask {
  none,       // there was no ReLU
  by_input,   // ReLU right behind the normalisation: zero where scale · x + shift is not above 0
  by_output,  // ReLU behind the addition: zero where y is not above 0
};

// One instruction set's functions.
struct BatchNormKernels {
  InstructionSet instruction_set;

  bool (*takes)(const NormalizedTensor& tensor);          // channels are a multiple of 16
  std::int64_t (*tasks)(const NormalizedTensor& tensor);  // of each pass
  // Of the float64 sums of a pass: two for each channel and chunk of pixels.
  std::int64_t (*sums_size)(const NormalizedTensor& tensor);

  // The sums of x - origin and of its square, where `origin` is near the mean, so that nothing cancels.
  void (*origin)(const NormalizedTensor& tensor, const void* x, float* origin);
  void (*sum)(const NormalizedTensor& tensor, const void* x, const float* origin, double* sums, std::int64_t first_task,
              std::int64_t last_task);

  // `residual` may be null; with one there is a ReLU.
  void (*normalize)(const NormalizedTensor& tensor, const void* x, const float* scale, const float* shift,
                    const void* residual, bool relu, void* y, std::int64_t first_task, std::int64_t last_task);

  // The sums of the masked gradient g and of g · (x - mean). By output, g itself goes into `masked`: the residual's
  // gradient.
  struct Gradient {
    Mask mask;
    const void* y_gradient;
    const void* x;
    const void* y;               // by output
    const float *scale, *shift;  // by input
    const float* mean;
  };
  void (*sum_gradients)(const NormalizedTensor& tensor, const Gradient& gradient, void* masked, double* sums,
                        std::int64_t first_task, std::int64_t last_task);
  // by_gradient · g + by_input · (x - mean) + constant, each a channel's. The mask is none or by input.
  void (*input_gradient)(const NormalizedTensor& tensor, const Gradient& gradient, const float* by_gradient,
                         const float* by_input, const float* constant, void* x_gradient, std::int64_t first_task,
                         std::int64_t last_task);

  // Adds the chunks' sums up: the first and the second sum of each channel.
  void (*total)(const NormalizedTensor& tensor, const double* sums, double* first, double* second);
};

// For an instruction set that this processor has.
const BatchNormKernels& batch_norm_kernels(InstructionSet set);

}  // namespace rxrun::kernels
