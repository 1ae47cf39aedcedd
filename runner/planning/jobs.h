// How many points of a sweep run at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "planning/best_jobs.h"
#include "planning/plan.h"

namespace rxrun {

struct JobOptions {
  std::int64_t jobs = 0;  // 0: what gives this machine the most
  bool force = false;     // even those that do not fit into memory
};

// As far as it is known before anything runs: one a core, until this machine has been measured.
int expected_jobs(const JobOptions& options, const SweepPlan& plan, PlanObserver& observer);

// For so many points that are left; the machine is measured if it has not been. `command` and `stop` as for best_jobs.
int jobs_for(const JobOptions& options, const SweepPlan& plan, std::size_t left, const TimeCommand& command,
             PlanObserver& observer, const std::atomic<int>& stop);

}  // namespace rxrun
