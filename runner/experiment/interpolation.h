// ${...} in a tree's strings.
#pragma once

#include "diagnostics/diagnostic.h"
#include "experiment/document.h"
#include "experiment/node.h"

namespace rxrun {

// ${env:NAME} and ${env:NAME:default} are the environment's, ${a.b.0} another value of the tree. A string that is
// nothing but one of them takes that value with its type; inside a longer string the text is filled in. `$${` stands
// for `${`.
void interpolate(Node& root, Diagnostics& diagnostics, const DocumentLimits& limits);

// Whether a `${` is left in the value or below it: where there are errors, what could not be filled in.
bool has_expression(const Node& value);

}  // namespace rxrun
