// base_width=iso(parameters): the whole number that keeps the network's size.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "plugin/checked_experiment.h"
#include "sweep/points.h"

namespace rxrun {

class WidthSolver {
 public:
  using Count = std::function<std::int64_t(const CheckedExperiment&)>;
  explicit WidthSolver(Count parameters) : parameters_(std::move(parameters)) {}

  // The point with its open value filled in: the one whose number of parameters is nearest to that of the file with
  // what is the same for every point. Throws Error when the value does not change the number. A point without an open
  // value is returned as it is.
  Point solve(const Point& point);

  // One line a solved point: the value, and what is left over.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  // 0 for a value that a layer refuses, as widths that come out as nothing: too narrow, that is. The last refusal is
  // kept.
  std::int64_t parameters_of(const Point& point, std::int64_t value);
  std::int64_t wanted(const Point& point);

  Count parameters_;
  std::map<std::string, std::int64_t> wanted_;  // by file
  std::optional<Error> refusal_;
  std::vector<std::string> notes_;
};

}  // namespace rxrun
