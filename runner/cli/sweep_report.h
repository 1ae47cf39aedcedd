// What a sweep tells: its plan, each point's start and end, and the table at the end.
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"
#include "planning/plan.h"
#include "recording/sweep_rows.h"
#include "sweep/work.h"

namespace rxrun {

// A row a point: what it sets, its size, what is known of it, and the time it takes by earlier runs' measure.
Table plan_table(const SweepPlan& plan, const std::vector<KnownPoint>& known, const std::vector<double>& seconds,
                 TableFormat format);

// A row a point: what it sets, its status, run and metrics.
Table result_table(const SweepPlan& plan, const std::vector<PointState>& states, TableFormat format);

// The last lines: what failed and why, and unless standard output is a table's alone, the best point and how to ask
// again. Tells whether a point has failed.
bool report_sweep(Console& console, const std::string& results, std::int64_t sweep, const SweepPlan& plan,
                  const std::vector<PointState>& states, bool table_only);

// A line for each point that starts or ends; on a terminal what is running, below them.
class SweepReporter final : public WorkObserver {
 public:
  SweepReporter(Console& console, const SweepRows& rows, std::int64_t sweep, const SweepPlan& plan, int jobs,
                bool halving);
  void on_start(const Claim& claim) override;
  void on_end(const Claim& claim, PointStatus status, const std::string& reason) override;
  void on_wait(std::size_t points) override;
  void on_hindrance(const std::string& text) override;
  void on_tick(const std::vector<Claim>& running) override;

 private:
  const PlannedPoint* planned(std::int64_t position) const;  // null: this process has not heard of it yet
  std::string label(const Claim& claim);

  Console& console_;
  const SweepRows& rows_;
  const std::int64_t sweep_;
  const SweepPlan& plan_;
  const int jobs_;
  const bool halving_;  // of --prune
  std::vector<std::string> varying_;
  std::size_t described_ = 0;  // so many points are behind `varying_`
};

}  // namespace rxrun
