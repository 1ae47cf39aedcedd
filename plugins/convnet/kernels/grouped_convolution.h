// Grouped convolution with few channels a group, its gradients, in channels-last memory.
//
//   y[n, i, j, k] = sum over c, u, v of w[k, c, u, v] · x[n, s·i + u - p, s·j + v - p, group(k)·group_channels + c]
//
// A matrix product of so few channels leaves most of a vector's lanes empty. Here the lanes are output channels, and
// the inputs are permuted inside their groups: one multiply-add a lane, tap and channel of the group.
//
// Work is split into tasks, which threads may run in any order: results do not depend on how many threads there are.
// x is {batch, height, width, channels} and y {batch, out_height, out_width, channels}, dense; the gradients likewise.
#pragma once

#include <cstdint>

#include "instruction_set.h"
#include "number_type.h"

namespace rxrun::kernels {

struct GroupedConvolution {
  std::int64_t batch = 0, channels = 0;  // as many out as in
  std::int64_t group_channels = 0;
  std::int64_t height = 0, width = 0, out_height = 0, out_width = 0;
  std::int64_t kernel_height = 0, kernel_width = 0;
  std::int64_t stride = 1;  // in both directions
  std::int64_t padding_height = 0, padding_width = 0;
};

// Of a weight {channels, group_channels, kernel_height, kernel_width}, in numbers.
struct WeightStrides {
  std::int64_t channel = 0, group_channel = 0, row = 0, column = 0;
};

// One instruction set's functions. `type` is that of x, y and their gradients; weights and their gradient are float32.
struct GroupedConvolutionKernels {
  InstructionSet instruction_set;

  // Channels a multiple of 16, groups of 1, 2, 4, 8, 16 or 32, stride 1 or 2, kernels up to 11×11, images up to 512×512
  // or so.
  bool (*takes)(const GroupedConvolution& shape);

  std::int64_t (*tasks)(const GroupedConvolution& shape);  // of forward and input_gradient
  void (*forward)(const GroupedConvolution& shape, NumberType type, const void* x, const float* weight,
                  const WeightStrides& strides, void* y, std::int64_t first_task, std::int64_t last_task);
  void (*input_gradient)(const GroupedConvolution& shape, NumberType type, const void* y_gradient, const float* weight,
                         const WeightStrides& strides, void* x_gradient, std::int64_t first_task,
                         std::int64_t last_task);

  // The weight's gradient takes two rounds of tasks: sums over some of the images each, in `partial`, which holds
  // partial_size numbers and need not be cleared; then their sum in a fixed order.
  std::int64_t (*partial_tasks)(const GroupedConvolution& shape);
  std::int64_t (*partial_size)(const GroupedConvolution& shape);
  void (*partial_weight_gradient)(const GroupedConvolution& shape, NumberType type, const void* x,
                                  const void* y_gradient, float* partial, std::int64_t first_task,
                                  std::int64_t last_task);
  std::int64_t (*sum_tasks)(const GroupedConvolution& shape);
  void (*sum_weight_gradient)(const GroupedConvolution& shape, const float* partial, float* weight_gradient,
                              const WeightStrides& strides, std::int64_t first_task, std::int64_t last_task);
};

// For an instruction set that this processor has.
const GroupedConvolutionKernels& grouped_convolution_kernels(InstructionSet set);

}  // namespace rxrun::kernels
