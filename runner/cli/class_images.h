// Which classes there are and how many images of each, for a reader and as JSON.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/source.h"

namespace rxrun {

// Of each part how many images of each class it has, in the order of the classes.
using ClassImages = std::array<std::vector<std::int64_t>, 3>;
ClassImages class_images(const std::vector<std::string>& classes, const std::vector<Sample>& samples,
                         const std::array<std::vector<std::int64_t>, 3>& parts);

// "`a` 1200/150/150, `b` ... (train/validation/test)"; of many classes the first.
std::string in_words(const ClassImages& images, const std::vector<std::string>& classes);

// {"train": [1200, ...], "validation": ..., "test": ...}
nlohmann::json to_json(const ClassImages& images);

}  // namespace rxrun
