// What layers ask of shapes: is it an image, and what does a sliding window make of it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "rxrun/layer.h"
#include "rxrun/option.h"

namespace rxrun::layers {

struct ImageShape {
  std::int64_t channels = 0, height = 0, width = 0;
};

// Channels × height × width; throws LayerError for features.
ImageShape image_shape(const Shape& input);

// A sliding window: a convolution's or a pooling's.
struct Window {
  Extent kernel, stride, padding, dilation;
};

// Height and width after the window: floor((n + 2p - d(k - 1) - 1) / s) + 1, as PyTorch's. With `ceil_mode` the
// quotient is rounded up, but no window may start in the right or lower padding. Throws LayerError when the window does
// not fit or a number is out of range.
Extent window_output(const ImageShape& input, const Window& window, bool ceil_mode = false);

// floor(dilation (kernel - 1) / 2) on each side: keeps height and width for odd kernels and stride 1.
Extent same_padding(const Extent& kernel, const Extent& dilation);

// The product; throws LayerError when it does not fit 64 bits.
std::int64_t product(std::initializer_list<std::int64_t> factors);

using rxrun::to_string;
std::string to_string(const Extent& extent);  // "3×3"

}  // namespace rxrun::layers
