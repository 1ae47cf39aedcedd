// Which columns of a manifest hold what.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "data/csv.h"
#include "diagnostics/diagnostic.h"
#include "experiment/experiment.h"

namespace rxrun {

struct ManifestColumns {
  std::size_t path = 0, label = 0;
  std::optional<std::size_t> part, group;
};

// By the names path, label, split and group, or else by what is usual for them (`image_id`, `diagnosis`, `fold`,
// `patient_id`), in any case; what was understood so is added to `notes`. split.group_by names the group's column, but
// for an expression that no column is called. Throws Error, with the manifest's line, for a column that is not there,
// and for two that may be meant.
ManifestColumns manifest_columns(const CsvRecord& header, const DataSpec& spec, std::vector<Diagnostic>& notes);

}  // namespace rxrun
