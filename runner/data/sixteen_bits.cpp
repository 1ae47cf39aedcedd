#include "data/sixteen_bits.h"

#include <algorithm>

namespace rxrun {

GreyWindow whole_window(bool is_signed) { return is_signed ? GreyWindow{-32768.0, 32767.0} : GreyWindow{}; }

std::uint8_t windowed(std::int32_t value, const GreyWindow& window) {
  const double share = (static_cast<double>(value) - window.low) / (window.high - window.low);
  return static_cast<std::uint8_t>(std::clamp(share, 0.0, 1.0) * 255.0 + 0.5);
}

Image to_bytes(const WidePixels& wide, const GreyWindow& window) {
  Image image{wide.height, wide.width, wide.channels, {}};
  image.pixels.resize(wide.values.size());
  Levels levels{.lowest = 65535, .highest = -32768};
  const auto channels = static_cast<std::size_t>(wide.channels), colours = channels - (wide.alpha ? 1 : 0);
  for (std::size_t i = 0; i < wide.values.size(); ++i) {
    const std::uint16_t bits = wide.values[i];
    if (i % channels >= colours) {
      image.pixels[i] = windowed(bits, whole_window(false));
      continue;
    }
    const std::int32_t value = wide.is_signed ? static_cast<std::int16_t>(bits) : bits;
    levels.lowest = std::min(levels.lowest, value);
    levels.highest = std::max(levels.highest, value);
    image.pixels[i] = windowed(value, window);
  }
  image.origin.wide = levels;
  return image;
}

}  // namespace rxrun
