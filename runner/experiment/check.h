// Checks between keys of an experiment, after each was read by itself.
#pragma once

#include "diagnostics/diagnostic.h"
#include "experiment/experiment.h"

namespace rxrun {

// `tree` is the resolved tree, for the places.
void check_values(const Experiment& experiment, const Node& tree, Diagnostics& diagnostics);

}  // namespace rxrun
