// Overrides of the command line, applied to a tree.
#pragma once

#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "experiment/document.h"
#include "experiment/node.h"

namespace rxrun {

// In order, so that a later one wins and may name what an earlier one made. The value is read as YAML (`[1, 2]`, `{a: 1}`,
// `"text"`, `null`). Errors go to `diagnostics`; the tree is left as it is by an override that has one.
void apply_overrides(Node& root, const std::vector<Override>& overrides, const std::vector<std::string>& known_paths,
                     Diagnostics& diagnostics, const DocumentLimits& limits);

}  // namespace rxrun
