// Who writes a run, and whether a run that says `running` still does.
#pragma once

#include <cstdint>
#include <string>

#include "recording/connection.h"
#include "recording/process.h"
#include "recording/run_record.h"

struct sqlite3_value;

namespace rxrun {

// The columns of a row that say which process writes it, in the order in which the functions below take them.
inline constexpr const char* kOwnerColumns = "host, boot_id, pid_namespace, pid, process_start";
// From the column at `column` on.
ProcessIdentity owner_at(const Statement& row, int column);
// Of the arguments of a SQL function, from the one at `values` on.
ProcessIdentity owner_at(sqlite3_value** values);

// A `running` run was interrupted when its process is gone, or when that cannot be seen from here and has not written
// for five minutes: a run that lives says so every minute (Recorder::confirm). `heartbeat` is its column, UTC.
RunStatus status_now(RunStatus recorded, const ProcessIdentity& owner, const std::string& heartbeat);

// Within a transaction: makes `process` the writer of `run` and returns true; false when the run has finished. Throws
// Error (try_later) when another process that may be alive has it: two writers would mix their curves.
bool claim_run(Connection& connection, std::int64_t run, const ProcessIdentity& process);

// Within a transaction: marks runs that are `running` no more, so that plain SQL sees it too. One that crashed has
// failed.
void mark_gone_runs(Connection& connection);

}  // namespace rxrun
