// Options that many commands have; declare.h says which.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "table/table.h"

namespace rxrun {

struct CommonOptions {
  std::filesystem::path results = "results";  // --results, or RXRUN_RESULTS: folder of results.db and checkpoints/
  TableFormat format = TableFormat::text;     // --json --csv --markdown
  bool quiet = false;                         // -q: warnings, errors and the result only
  std::string color = "auto";                 // --color auto|always|never; auto heeds NO_COLOR
  std::vector<std::string> arguments;         // as typed, for the record and for the engine
};

// Whether text for that descriptor is to be coloured.
bool use_color(const CommonOptions& common, int descriptor);

}  // namespace rxrun
