// Pixels of 16 bits to bytes: the values of a window become 0 to 255.
#pragma once

#include <cstdint>
#include <span>

#include "data/image.h"
#include "experiment/experiment.h"

namespace rxrun {

// All that 16 bits can be: 0 to 65535, or -32768 to 32767 if they are signed.
GreyWindow whole_window(bool is_signed);

// Linear from window.low to window.high, rounded, and clipped to 0 and 255.
std::uint8_t windowed(std::int32_t value, const GreyWindow& window);

// As sixteen bits lie in a file.
struct WidePixels {
  int height = 0, width = 0, channels = 0;
  std::span<const std::uint16_t> values;  // channels interleaved
  bool is_signed = false;
  bool alpha = false;  // the last channel is opacity, to which the window does not apply
};
Image to_bytes(const WidePixels& wide, const GreyWindow& window);

}  // namespace rxrun
