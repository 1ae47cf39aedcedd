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

std::optional<Judgement> judge_point(Connection& connection, std::int64_t sweep, std::int64_t point, const Rung& rung,
                                     const GoesOn& goes_on);

bool promote_point(Connection& connection, std::int64_t sweep, const std::vector<Rung>& rungs,
                   const std::function<std::size_t(std::size_t arrived)>& places);

std::vector<SearchedPoint> searched_points(Connection& connection, std::int64_t sweep, const std::string& metric);

// Within a transaction: points that were judged but whose process died before it was ended. Needs rxrun_lapsed().
void prune_judged(Connection& connection, std::int64_t sweep);

// Needs rxrun_lapsed().
std::vector<PointState> point_states(Connection& connection, std::int64_t sweep);

}  // namespace rxrun
