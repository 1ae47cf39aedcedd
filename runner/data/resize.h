// Images to the size and the channels that the network sees.
#pragma once

#include <string>

#include "data/image.h"

namespace rxrun {

// Bilinear; when it shrinks, the filter widens with it so that nothing aliases. To the bit what PIL (and so torchvision
// on PIL images) does: fixed-point weights, columns first, rounded to bytes between the two passes.
Image resize_bilinear(const Image& image, int height, int width);

// To `size` × `size`:
//   stretch  both sides on their own
//   crop     the shorter side to `size`, then the middle of the longer
//   pad      the longer side to `size`, the rest black
//   none     the image must have the size already: Error when it has not
Image resized(Image image, int size, const std::string& mode);

// 1 to 3 channels by repetition; 3 to 1 by ITU-R BT.601 luma. Error for any other numbers that differ.
Image with_channels(Image image, int channels);

// Whether it is in colour, rather than grey that is stored as RGB: some pixel's channels differ by more than the
// rounding of a lossy format makes of grey.
bool is_colourful(const Image& image);

}  // namespace rxrun
