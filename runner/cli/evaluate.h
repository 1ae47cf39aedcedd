// One look at a part of some data with the weights of a run, as a command asks for it.
#pragma once

#include "cli/console.h"
#include "cli/options.h"
#include "table/table.h"

namespace rxrun {

// Scores, and adds the evaluation to what is kept of the run; where that cannot be written, the console says so. The
// table has one row: run, part, images, the metrics. Throws Error.
Table evaluate_run(const EvaluateOptions& options, Console& console);

}  // namespace rxrun
