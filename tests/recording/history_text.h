// Histories of runs for comparison: NaN equals NaN, and what differs is a line of its own.
#pragma once

#include <string>

#include "recording/run_record.h"

namespace rxrun::testing {

// Every value, a line each.
std::string text_of(const RunHistory& history);
// What a record and rows of the same run have in common: the name that it bears now, parameters as cells and in
// the order of their names, no folder.
std::string text_in_common(RunHistory history);

}  // namespace rxrun::testing
