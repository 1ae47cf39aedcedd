// Tensors as the kernels of kernels/ take them: on the CPU, float32 or bfloat16, images in channels-last memory.
#pragma once

#include <ATen/autocast_mode.h>
#include <torch/types.h>
#include <torch/version.h>

#include <limits>

#include "kernels/number_type.h"
#include "rxrun/layers/shapes.h"

namespace rxrun::layers {

inline bool is_float32_on_cpu(const torch::Tensor& x) {
  return x.device().is_cpu() && x.layout() == at::kStrided && x.scalar_type() == at::kFloat;
}

// {batch, channels, height, width}, float32 or bfloat16, in channels-last memory on the CPU.
inline bool is_kernel_image(const torch::Tensor& x) {
  if (!x.device().is_cpu() || x.layout() != at::kStrided || x.dim() != 4 || x.numel() == 0) return false;
  return (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

inline bool autocast_on_cpu() {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  return at::autocast::is_autocast_enabled(at::kCPU);
#else
  return at::autocast::is_cpu_enabled();
#endif
}

inline kernels::NumberType number_type(const torch::Tensor& x) {
  return x.scalar_type() == at::kFloat ? kernels::NumberType::float32 : kernels::NumberType::bfloat16;
}

// A gradient that comes in: in the memory and type that the forward pass computed with.
inline torch::Tensor like_output(const torch::Tensor& gradient, torch::ScalarType type) {
  return gradient.to(type).contiguous(at::MemoryFormat::ChannelsLast);
}

// Every stride-th pixel of each row and column of an image, as a view.
inline torch::Tensor thinned(const torch::Tensor& x, const Extent& stride) {
  constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();
  return x.slice(2, 0, end, stride.height).slice(3, 0, end, stride.width);
}

inline c10::optional<torch::Tensor> as_optional(const torch::Tensor& x) {
  return x.defined() ? c10::optional<torch::Tensor>(x) : c10::nullopt;
}

inline torch::Tensor empty_image(at::IntArrayRef sizes, torch::ScalarType type) {
  return at::empty(sizes, at::TensorOptions(type), at::MemoryFormat::ChannelsLast);
}

}  // namespace rxrun::layers
