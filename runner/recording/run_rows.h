// The rows of one run, table by table. Each function runs within the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "recording/connection.h"
#include "recording/process.h"
#include "recording/recorder.h"

namespace rxrun {

// The first of "x", "x-2", "x-3", ... that `is_free`.
std::string first_free(const std::string& wanted, const std::function<bool(const std::string&)>& is_free);

// Of the experiment of that name, which becomes a row if it is none yet.
std::int64_t experiment_id(Connection& connection, const std::string& name);
std::int64_t insert_run(Connection& connection, const RunRecord& run, const ProcessIdentity& process);
// Runs of the same split share one copy of its rows.
void insert_split(Connection& connection, std::int64_t run, const std::string& hash,
                  const std::vector<SplitRecord>& split);
// Replaces that epoch and whatever came after it.
void insert_epoch(Connection& connection, std::int64_t run, const EpochRecord& record);
void remove_epochs_from(Connection& connection, std::int64_t run, std::int64_t epoch);
// Brings the columns that follow from the epochs up to date: in `runs` and `results`.
void update_progress(Connection& connection, std::int64_t run);
// Status, reason and, for a finished run, its final values.
void end_run(Connection& connection, std::int64_t run, const Recorder::End& end);

}  // namespace rxrun
