// Colour changes of images whose values are floats in [0, 1], channels last.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace rxrun {

// As torchvision's functional transforms of the same names; results are clamped to [0, 1].
void adjust_brightness(std::span<float> values, float factor);
void adjust_contrast(std::span<float> values, int channels, float factor);
void adjust_saturation(std::span<float> rgb, float factor);
void adjust_hue(std::span<float> rgb, float shift);  // in turns of the circle, [-0.5, 0.5]

// Separates stains by Ruifrok and Johnston's colour deconvolution, takes `factor` × density + `offset` of each
// (haematoxylin, eosin, DAB), and puts the colours together again.
void adjust_stain(std::span<float> rgb, const std::array<float, 3>& factor, const std::array<float, 3>& offset);

}  // namespace rxrun
