// The words of `rxrun sweep`, what its options add, and the section `sweep` of the files → points. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "diagnostics/diagnostic.h"
#include "sweep/points.h"
#include "sweep/search_space.h"

namespace rxrun {

struct DeclaredSweep {
  std::vector<Point> points;  // none of a search
  std::optional<DeclaredSearch> search;
  std::vector<std::string> warnings;  // such as fewer different points than were asked for
  std::vector<std::string> notes;     // what was understood
};

// Throws Error with every fault of the declaration; also for more points than 10,000 without --force. Of the files the
// section is read, and whether they have the keys: one that is not there is told once, where it was typed.
DeclaredSweep declared_sweep(const SweepOptions& options);

// The errors of points at the words that were typed: those of `cardinality=0` at the 0 of `cardinality=4,0`. A value
// that no word writes, such as one of a range or a draw, keeps the place in the override that it became.
Error as_typed(const Error& error, const std::vector<std::string>& words);

}  // namespace rxrun
