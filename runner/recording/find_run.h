// The run, or the sweep, that a word of the user's names.
#pragma once

#include <cstdint>
#include <string>

#include "recording/connection.h"

namespace rxrun {

enum class Removed { no, yes };  // look among the runs that are there, or among those that were removed

// `run`: number, name, or the beginning of exactly one name. Throws Error when none or several fit.
std::int64_t find_run(Connection& connection, const std::string& run, Removed removed = Removed::no);
// The same for a sweep.
std::int64_t find_sweep(Connection& connection, const std::string& sweep);

}  // namespace rxrun
