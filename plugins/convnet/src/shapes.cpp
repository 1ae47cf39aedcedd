#include "rxrun/layers/shapes.h"

namespace rxrun::layers {
namespace {

constexpr std::int64_t largest_extent = std::int64_t{1} << 24;  // sums and products of two stay far from 64 bits

void check_range(const char* what, const Extent& extent, std::int64_t lowest) {
  for (const std::int64_t value : {extent.height, extent.width}) {
    if (value < lowest || value > largest_extent) {
      throw LayerError(std::string(what) + " " + to_string(extent) + " is out of range: " + std::to_string(lowest) +
                       " to " + std::to_string(largest_extent));
    }
  }
}

std::int64_t window_count(std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                          std::int64_t dilation, bool ceil_mode) {
  const std::int64_t reach = dilation * (kernel - 1) + 1;
  const std::int64_t room = size + 2 * padding - reach;
  if (room < 0) return 0;
  std::int64_t count = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  if (ceil_mode && (count - 1) * stride >= size + padding) --count;
  return count;
}

}  // namespace

ImageShape image_shape(const Shape& input) {
  if (input.size() != 3) {
    throw LayerError("it takes an image (channels×height×width), not " + rxrun::to_string(input) + " features");
  }
  return {input[0], input[1], input[2]};
}

Extent window_output(const ImageShape& input, const Window& window, bool ceil_mode) {
  check_range("image", {input.height, input.width}, 1);
  check_range("kernel", window.kernel, 1);
  check_range("stride", window.stride, 1);
  check_range("padding", window.padding, 0);
  check_range("dilation", window.dilation, 1);
  const Extent output = {window_count(input.height, window.kernel.height, window.stride.height, window.padding.height,
                                      window.dilation.height, ceil_mode),
                         window_count(input.width, window.kernel.width, window.stride.width, window.padding.width,
                                      window.dilation.width, ceil_mode)};
  if (output.height < 1 || output.width < 1) {
    const Extent reach = {window.dilation.height * (window.kernel.height - 1) + 1,
                          window.dilation.width * (window.kernel.width - 1) + 1};
    throw LayerError("its window of " + to_string(reach) + " pixels is larger than the image of " +
                     to_string(Extent{input.height, input.width}) + " with padding " + to_string(window.padding));
  }
  return output;
}

Extent same_padding(const Extent& kernel, const Extent& dilation) {
  check_range("kernel", kernel, 1);
  check_range("dilation", dilation, 1);
  return {dilation.height * (kernel.height - 1) / 2, dilation.width * (kernel.width - 1) / 2};
}

std::int64_t product(std::initializer_list<std::int64_t> factors) {
  std::int64_t result = 1;
  for (const std::int64_t factor : factors) {
    if (__builtin_mul_overflow(result, factor, &result)) throw LayerError("its size does not fit in 64 bits");
  }
  return result;
}

std::string to_string(const Extent& extent) {
  return std::to_string(extent.height) + "×" + std::to_string(extent.width);
}

}  // namespace rxrun::layers
