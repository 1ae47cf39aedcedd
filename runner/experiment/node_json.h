// A value of the tree as JSON. For files that include nlohmann/json anyway.
#pragma once

#include <nlohmann/json.hpp>

#include "experiment/node.h"

namespace rxrun {

// Scalars, lists and maps as they are; keys keep their order.
nlohmann::ordered_json json_of(const Node& node);

}  // namespace rxrun
