#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "data/decode.h"
#include "data/filter_kernels.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

Filter triangle_filter(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  const double support = std::max(scale, 1.0);
  Filter filter;
  filter.taps = (static_cast<int>(std::ceil(support)) * 2 + 1 + 3) / 4 * 4;
  filter.weights.assign(static_cast<std::size_t>(out) * static_cast<std::size_t>(filter.taps), 0);
  std::vector<double> weights(static_cast<std::size_t>(filter.taps));
  for (int i = 0; i < out; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int last = std::min(in, static_cast<int>(centre + support + 0.5));
    double sum = 0.0;
    for (int t = 0; t < last - first; ++t) {
      const double distance = std::abs((t + first - centre + 0.5) / support);
      sum += weights[static_cast<std::size_t>(t)] = std::max(0.0, 1.0 - distance);
    }
    for (int t = 0; t < last - first; ++t)
      filter.weights[static_cast<std::size_t>(i * filter.taps + t)] = static_cast<std::int32_t>(
          std::floor(weights[static_cast<std::size_t>(t)] / sum * (1 << filter_weight_bits) + 0.5));
    filter.first.push_back(first);
    filter.count.push_back(last - first);
  }
  return filter;
}

Image blank(int height, int width, int channels) {
  Image image{height, width, channels, {}};
  image.pixels.resize(static_cast<std::size_t>(height) * image.row_bytes());
  return image;
}

// The window of `out`'s size whose corner is at (top, left) of `in`; what lies outside of `in` is black.
Image window(const Image& in, int top, int left, int size) {
  Image out = blank(size, size, in.channels);
  const int first = std::max(0, -left), last = std::min(size, in.width - left);
  for (int y = 0; y < size; ++y) {
    const int row = y + top;
    if (row < 0 || row >= in.height || first >= last) continue;
    const std::size_t channels = static_cast<std::size_t>(in.channels);
    std::memcpy(
        out.pixels.data() + static_cast<std::size_t>(y) * out.row_bytes() + static_cast<std::size_t>(first) * channels,
        in.pixels.data() + static_cast<std::size_t>(row) * in.row_bytes() +
            static_cast<std::size_t>(first + left) * channels,
        static_cast<std::size_t>(last - first) * channels);
  }
  return out;
}

int scaled(int side, int size, int reference) {
  return std::max(1, static_cast<int>(static_cast<std::int64_t>(side) * size / reference));
}

}  // namespace

Image resize_bilinear(const Image& image, int height, int width) {
  const Image* from = &image;
  Image narrow;
  if (width != image.width) {
    narrow = blank(image.height, width, image.channels);
    const Filter filter = triangle_filter(image.width, width);
    for (int y = 0; y < image.height; ++y)
      filter_row(image.pixels.data() + static_cast<std::size_t>(y) * image.row_bytes(), image.width, image.channels,
                 filter, narrow.pixels.data() + static_cast<std::size_t>(y) * narrow.row_bytes());
    from = &narrow;
  }
  if (height == from->height) return *from;
  Image out = blank(height, width, image.channels);
  const Filter filter = triangle_filter(from->height, height);
  std::vector<std::int32_t> sums(out.row_bytes());
  for (std::size_t y = 0; y < filter.first.size(); ++y)
    filter_column(from->pixels.data(), out.row_bytes(), filter, y, sums.data(),
                  out.pixels.data() + y * out.row_bytes());
  return out;
}

Image resized(Image image, int size, const std::string& mode) {
  if (image.width == size && image.height == size) return image;
  if (mode == "none")
    bad_image("is " + std::to_string(image.width) + "×" + std::to_string(image.height) + ", but data.image_size is " +
              std::to_string(size) + " and data.resize is none");
  if (mode == "stretch") return resize_bilinear(image, size, size);
  const int reference = mode == "crop" ? std::min(image.width, image.height) : std::max(image.width, image.height);
  const int height = image.height == reference ? size : scaled(image.height, size, reference);
  const int width = image.width == reference ? size : scaled(image.width, size, reference);
  check_image_size(width, height);  // a ribbon, blown up by its short side
  image = resize_bilinear(image, height, width);
  if (mode == "crop") return window(image, (height - size) / 2, (width - size) / 2, size);
  return window(image, -((size - height) / 2), -((size - width) / 2), size);
}

Image with_channels(Image image, int channels) {
  if (image.channels == channels) return image;
  if (image.channels + channels != 1 + 3)  // not grey to colour or back
    bad_image("has " + counted(image.channels, "channel") + ", but data.channels is " + std::to_string(channels));
  Image out = blank(image.height, image.width, channels);
  const std::size_t count = static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width);
  const std::uint8_t* from = image.pixels.data();
  std::uint8_t* to = out.pixels.data();
  if (channels == 3) {
    for (std::size_t i = 0; i < count; ++i, to += 3) to[0] = to[1] = to[2] = from[i];
  } else {
    for (std::size_t i = 0; i < count; ++i, from += 3)
      to[i] = static_cast<std::uint8_t>((from[0] * 19595 + from[1] * 38470 + from[2] * 7471 + 0x8000) >> 16);
  }
  return out;
}

bool is_colourful(const Image& image) {
  constexpr int rounding = 8;
  if (image.channels != 3) return false;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    const auto [low, high] = std::minmax({image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]});
    if (high - low > rounding) return true;
  }
  return false;
}

}  // namespace rxrun
