#include "planning/jobs.h"

#include <fmt/format.h>

#include <algorithm>

#include "machine/cores.h"
#include "sweep/memory.h"

namespace rxrun {
namespace {

int at_most(int jobs, std::size_t points) {
  return std::max(1, std::min(jobs, static_cast<int>(std::min<std::size_t>(points, 4096))));
}

std::vector<std::int64_t> memory_of(const SweepPlan& plan) {
  std::vector<std::int64_t> needs;
  for (const PlannedPoint& point : plan.points) needs.push_back(point.memory);
  return needs;
}

// Of those wanted as many as memory holds, unless the user takes the risk.
int within_memory(int wanted, const JobOptions& options, const SweepPlan& plan, PlanObserver& observer) {
  const std::int64_t available = available_memory();
  if (options.force || available <= 0) return wanted;
  const std::vector<std::int64_t> needs = memory_of(plan);
  const int fitting = jobs_that_fit(wanted, needs, available);
  const std::int64_t largest = *std::max_element(needs.begin(), needs.end());
  const auto megabytes = [](std::int64_t bytes) { return bytes >> 20; };
  if (largest > available)
    observer.on_warning(fmt::format("a point may need {} MB of memory, but only {} MB are available",
                                    megabytes(largest), megabytes(available)));
  else if (fitting < wanted)
    observer.on_warning(
        fmt::format("{} at a time, not {}: a point may need {} MB of memory, and {} MB are available; "
                    "--force ignores that",
                    fitting, wanted, megabytes(largest), megabytes(available)));
  return fitting;
}

}  // namespace

int expected_jobs(const JobOptions& options, const SweepPlan& plan, PlanObserver& observer) {
  int wanted = static_cast<int>(options.jobs);
  if (wanted == 0) wanted = kept_jobs(jobs_file());
  if (wanted == 0) wanted = available_cores();
  return within_memory(at_most(wanted, plan.expected), options, plan, observer);
}

int jobs_for(const JobOptions& options, const SweepPlan& plan, std::size_t left, const TimeCommand& command,
             PlanObserver& observer, const std::atomic<int>& stop) {
  if (options.jobs > 0 || left == 0) return expected_jobs(options, plan, observer);
  int most = at_most(available_cores(), left);
  if (!options.force) most = jobs_that_fit(most, memory_of(plan), available_memory());
  const int best = best_jobs(jobs_file(), plan.points.front().resolved, most, command, observer, stop);
  return within_memory(at_most(best, plan.expected), options, plan, observer);
}

}  // namespace rxrun
