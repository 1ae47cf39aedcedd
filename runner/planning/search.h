// The points of a search: some are drawn when it is made, the others are chosen one by one, by what the earlier ones
// were worth. Which metric that is, the experiment says: that of keep_best, at the kept epoch, on the part that is
// watched. What is scored once at the end stays unseen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "planning/observer.h"
#include "planning/plan.h"
#include "recording/sweep_rows.h"
#include "sweep/search_space.h"

namespace rxrun {

class SweepSearch {
 public:
  // Keeps `plan` up to date from then on. Throws Error with the faults of the points that are drawn.
  SweepSearch(DeclaredSearch search, SweepPlanner& planner, SweepPlan& plan, PlanObserver& observer);

  // What it is, for the sweep's row: JSON.
  std::string text() const;

  // Adds the points to the plan that this or other processes have chosen. Throws Error when one comes out different
  // here.
  void learn(SweepRows& rows, std::int64_t sweep);

  // Chooses one more point, if there is one to be had, whether it is this process that adds it or another; false when
  // there are as many as wanted, or all of the space has been tried. A point that cannot be built is told and another
  // chosen. Throws Error when nothing that is chosen can be built.
  bool more(SweepRows& rows, std::int64_t sweep);

 private:
  Coordinates coordinates_of(const SearchedPoint& point) const;
  std::vector<TriedPoint> tried(const std::vector<SearchedPoint>& points) const;
  void learn(SweepRows& rows, std::int64_t sweep, const std::vector<SearchedPoint>& points);
  std::vector<SearchedPoint> searched(const SweepRows& rows, std::int64_t sweep) const;

  const DeclaredSearch search_;
  SweepPlanner& planner_;
  SweepPlan& plan_;
  PlanObserver& observer_;
  bool exhausted_ = false;
};

}  // namespace rxrun
