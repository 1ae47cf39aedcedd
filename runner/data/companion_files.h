// Files that stand beside an image and are none themselves, such as the mask `x_mask.png` of `x.png`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/image_folders.h"

namespace rxrun {

// Names of images that are another's in the same folder with something added, by what is added.
struct Companions {
  std::string suffix;      // "_mask": the commonest
  std::int64_t count = 0;  // files with it
  std::string example;     // "x_mask.png beside x.png"
};

// Only a suffix that begins with a sign and has a letter: `scan_2` is a second scan.
Companions find_companions(const std::vector<ImageFolder>& folders);

}  // namespace rxrun
