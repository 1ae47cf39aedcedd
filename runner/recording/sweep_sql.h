// What the statements about sweeps share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "recording/connection.h"
#include "recording/sweep_rows.h"

namespace rxrun {

// Makes rxrun_lapsed(host, boot_id, pid_namespace, pid, process_start, minutes since its heartbeat) known to the
// connection's SQL: whether a claim of that process holds no more.
void add_lapsed_function(Connection& connection);

// Throws Error for a word that is no status.
PointStatus point_status_of(const std::string& text);

// Needs rxrun_lapsed().
std::vector<PointState> point_states(Connection& connection, std::int64_t sweep);

}  // namespace rxrun
