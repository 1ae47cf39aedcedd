// Which classes there are and how many images of each, for a reader and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/split.h"

namespace rxrun {

// "`a` 1200/150/150, `b` ... (train/validation/test)"; of many classes the first.
std::string in_words(const ClassImages& images, const std::vector<std::string>& classes);

// {"train": [1200, ...], "validation": ..., "test": ...}
nlohmann::json to_json(const ClassImages& images);

}  // namespace rxrun
