// The words of `rxrun sweep`, what its options add, and the section `sweep` of the files → points. Needs no LibTorch.
#pragma once

#include <vector>

#include "cli/options.h"
#include "sweep/points.h"

namespace rxrun {

// Throws Error with every fault of the declaration; also for more points than 10,000 without --force. Of the files
// nothing but the section is read.
std::vector<Point> declared_points(const SweepOptions& options);

}  // namespace rxrun
