// The JSON Schema (draft-07) that editors complete experiment files from.
#pragma once

#include <string>
#include <vector>

#include "rxrun/option.h"

namespace rxrun {

// Generated from the declared keys of an experiment and from the layers' tables; ends in a line feed. It refuses what
// reading refuses as far as a schema can say it; layers that are not in `layers` (of other plugins) are allowed with
// any options.
std::string experiment_schema(const std::vector<LayerInfo>& layers);

}  // namespace rxrun
