// What a network is built for, where no data has to be looked at.
#pragma once

#include <cstdint>
#include <vector>

#include "experiment/experiment.h"
#include "network/network.h"

namespace rxrun {

struct InputFacts {
  Shape input;  // channels, height, width
  std::int64_t classes = 0;
};

// What the command line (`input`, or empty; `classes`, or 0) and the experiment leave open, the data answers; where
// nothing is open, no data is looked at. Throws Error for an `input` that is no image's shape.
InputFacts input_facts(const Experiment& experiment, const std::vector<std::int64_t>& input, std::int64_t classes);

}  // namespace rxrun
