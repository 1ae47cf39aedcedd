// One look at a part of some data with the weights of a run, as a command asks for it.
#pragma once

#include <atomic>

#include "cli/console.h"
#include "cli/options.h"
#include "table/table.h"

namespace rxrun {

// Scores, and adds the evaluation to what is kept of the run; where that cannot be written, the console says so. The
// table has one row: run, part, images, the metrics, beside the accuracy its 95 % interval as accuracy_low and
// accuracy_high, and looks: how often this test part has been scored, NULL of another part. Throws Error, also when
// `stop` holds a signal's number (data/parallel.h).
Table evaluate_run(const EvaluateOptions& options, Console& console, const std::atomic<int>* stop = nullptr);

}  // namespace rxrun
