// What some of a source's images are like.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/image.h"
#include "data/source.h"

namespace rxrun {

struct ImageLook {
  int height = 0, width = 0, channels = 0;
  bool is_grey = false;        // whatever its channels: they are equal
  std::optional<Levels> wide;  // of 16 bits
};

struct SampledImages {
  std::vector<ImageLook> looks;  // in the order of the samples
  std::vector<Diagnostic> bad;   // of those that cannot be decoded

  std::size_t count() const { return looks.size() + bad.size(); }
};

// Decodes up to `most` images, evenly spaced over the source's. Throws Error when none of them can be decoded.
SampledImages sample_images(const Source& source, std::size_t most);

}  // namespace rxrun
