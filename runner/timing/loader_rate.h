// How fast the loader makes batches when nothing else works. Without LibTorch.
#pragma once

#include "data/dataset.h"
#include "timing/measurement.h"

namespace rxrun {

// Passes over the training part as training does, shuffled and augmented, with `threads` threads, for at least
// `seconds`.
LoaderRate measure_loader(const Dataset& dataset, const DataSpec& spec, std::uint64_t seed, int threads,
                          double seconds = 2.0);

}  // namespace rxrun
