// How many processes at a time give this machine the most images a second in all: measured once, and kept.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "planning/observer.h"
#include "sweep/workers.h"

namespace rxrun {

// `jobs.json` in $XDG_CACHE_HOME/rxrun, or in ~/.cache/rxrun; empty when neither is known.
std::filesystem::path jobs_file();

// What was measured on this machine (its processor, its cores, its LibTorch) before; 0: nothing yet.
int kept_jobs(const std::filesystem::path& file);

// What times training steps of the experiment in a file with so many threads; its log is what `rxrun time --json`
// prints.
using TimeCommand = std::function<WorkerCommand(const std::filesystem::path& experiment, int threads,
                                                const std::filesystem::path& log)>;

// The same, or else measured now and kept: 1, 2, 4 ... processes that share the cores take training steps of
// `experiment` (the text of a whole one) side by side, and the number with the largest sum of images a second wins. Not
// more than `most` are tried. When it cannot be measured or is interrupted by `stop`, one a core, and nothing is kept.
int best_jobs(const std::filesystem::path& file, const std::string& experiment, int most, const TimeCommand& command,
              PlanObserver& observer, const std::atomic<int>& stop);

}  // namespace rxrun
