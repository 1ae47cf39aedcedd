// What a table of layers has to hold to be of use, whoever wrote it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiment/node_values.h"
#include "rxrun/option.h"

namespace rxrun {

// Throws Error naming the library, the layer and the option: no layers, bad or repeated names, a revision below 1, a
// default of the wrong type, out of its range or not among its choices.
void check_layer_table(const std::vector<LayerInfo>& layers, const std::filesystem::path& library);

// What is wrong with a value of the right type; empty when it is in range: "must be at least 1, not 0".
std::string range_fault(const OptionInfo& option, const OptionValue& value);

std::string to_text(const OptionValue& value);     // as it would be written in YAML: "3", "[3, 5]", "1e-05", "planes"
std::string range_text(const OptionInfo& option);  // "> 0", "1 to 7", "planes | paper"; empty: any

}  // namespace rxrun
