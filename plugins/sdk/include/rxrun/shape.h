// The shape of one sample between layers: channels × height × width, or features. The batch is never part of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rxrun {

using Shape = std::vector<std::int64_t>;

std::string to_string(const Shape& shape);      // "64×56×56"
std::int64_t num_elements(const Shape& shape);  // throws LayerError when the product does not fit

}  // namespace rxrun
