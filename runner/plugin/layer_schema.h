// The part of the experiment's JSON Schema that comes from the layers' tables.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "rxrun/option.h"

namespace rxrun {

// `schema`, or a string with a ${...} in it, which can stand for anything.
nlohmann::ordered_json or_expression(nlohmann::ordered_json schema);

// The definitions `expression`, `option`, `layer` and `block_options`.
nlohmann::ordered_json layer_definitions(const std::vector<LayerInfo>& layers);

// A schema for each option name of the layers: what can stand as a network-wide value.
nlohmann::ordered_json shared_options(const std::vector<LayerInfo>& layers);

}  // namespace rxrun
