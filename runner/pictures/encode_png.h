// An image as a PNG file.
#pragma once

#include <string>

#include "data/image.h"

namespace rxrun {

// The file's bytes: of the same image the same ones. `image` is grey or colour. Throws Error (run).
std::string encode_png(const Image& image);

}  // namespace rxrun
