// The words of `rxrun sweep` → a declaration, with what its options add. Needs no LibTorch.
#pragma once

#include "cli/options.h"
#include "sweep/declaration.h"
#include "sweep/points.h"

namespace rxrun {

// Throws Error with every fault of the words, before any file is read; also for more points than 10,000 without --force.
Declaration declaration_of(const SweepOptions& options);

DrawOptions draws_of(const SweepOptions& options);

}  // namespace rxrun
