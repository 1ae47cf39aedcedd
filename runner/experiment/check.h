// Checks between keys of an experiment, after each was read by itself.
#pragma once

#include <set>
#include <string>

#include "diagnostics/diagnostic.h"
#include "experiment/experiment.h"

namespace rxrun {

// `tree` is the resolved tree, for the places; keys named in `faulty` have an error of their own already.
void check_values(const Experiment& experiment, const Node& tree, const std::set<std::string>& faulty,
                  Diagnostics& diagnostics);

}  // namespace rxrun
