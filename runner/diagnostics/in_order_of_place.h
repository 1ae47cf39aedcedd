#pragma once

#include <vector>

#include "diagnostics/diagnostic.h"

namespace rxrun {

// By file in the order of their first diagnostic, then by line and column: as a reader goes through a file, whoever
// found what.
std::vector<Diagnostic> in_order_of_place(std::vector<Diagnostic> found);

}  // namespace rxrun
