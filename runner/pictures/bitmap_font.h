// Text in an image, by letters of 5 × 7 dots.
#pragma once

#include <string>
#include <string_view>

#include "data/image.h"

namespace rxrun {

inline constexpr int glyph_advance = 6, glyph_height = 8;  // in dots, with the gap between letters and the descenders

// How wide `text` is, in dots.
int text_width(std::string_view text);

// In black, with its upper left corner at (x, y), a dot `scale` × `scale` pixels. What lies outside of the image is
// left out. Only ASCII has letters: a box stands for any other code point.
void draw_text(Image& image, int x, int y, std::string_view text, int scale);

// The beginning of `text` that fits `width` dots, with "..." where something is left out.
std::string text_within(std::string_view text, int width);

}  // namespace rxrun
