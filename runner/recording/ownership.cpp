#include "recording/ownership.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <ctime>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/run_folder.h"

namespace rxrun {
namespace {

constexpr double kRunLeaseMinutes = 5.0;

// Of a time as the tables have it; one that is none counts as now, so that nothing is taken from anybody by mistake.
double minutes_since(const std::string& utc) {
  std::tm time{};
  const char* end = ::strptime(utc.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time);
  if (end == nullptr || *end != '\0') return 0.0;
  return std::difftime(std::time(nullptr), ::timegm(&time)) / 60.0;
}

}  // namespace

ProcessIdentity owner_at(const Statement& row, int column) {
  return {.host = row.text(column),
          .boot_id = row.text(column + 1),
          .pid_namespace = row.text(column + 2),
          .pid = row.integer(column + 3),
          .start = row.integer(column + 4)};
}

ProcessIdentity owner_at(sqlite3_value** values) {
  return {.host = text_of(values[0]),
          .boot_id = text_of(values[1]),
          .pid_namespace = text_of(values[2]),
          .pid = sqlite3_value_int64(values[3]),
          .start = sqlite3_value_int64(values[4])};
}

const char* to_string(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "running";
    case RunStatus::finished:
      return "finished";
    case RunStatus::interrupted:
      return "interrupted";
    case RunStatus::failed:
      return "failed";
  }
  return "unknown";
}

RunStatus status_of(const std::string& text) {
  for (RunStatus status : {RunStatus::running, RunStatus::finished, RunStatus::interrupted, RunStatus::failed})
    if (text == to_string(status)) return status;
  throw Error(Failure::usage, fmt::format("`{}` is no status of a run", printable(text)));
}

RunStatus status_now(RunStatus recorded, const ProcessIdentity& owner, const std::string& heartbeat) {
  if (recorded != RunStatus::running) return recorded;
  return has_lapsed(owner, minutes_since(heartbeat), kRunLeaseMinutes) ? RunStatus::interrupted : RunStatus::running;
}

bool claim_run(Connection& connection, std::int64_t run, const ProcessIdentity& process) {
  Statement select(connection, fmt::format("SELECT status, {}, heartbeat FROM runs WHERE id = ?", kOwnerColumns));
  if (!select.bind(run).step())
    throw Error(Failure::usage, fmt::format("there is no run {} in {}", run, printable(connection.path().string())));
  const RunStatus status = status_of(select.text(0));
  const ProcessIdentity owner = owner_at(select, 1);
  if (status == RunStatus::finished) return false;
  if (status == RunStatus::running && owner == process) return true;
  if (status_now(status, owner, select.text(6)) == RunStatus::running) {
    throw Error(
        Failure::try_later,
        fmt::format("run {} belongs to process {} on {}, which is still running, as far as can be told from here", run,
                    owner.pid, printable(owner.host)),
        "wait for it to end, or stop it");
  }
  Statement(
      connection,
      "UPDATE runs SET status = 'running', reason = NULL, finished = NULL, host = ?, boot_id = ?, pid_namespace = ?,"
      " pid = ?, process_start = ? WHERE id = ?")
      .bind(process.host, process.boot_id, process.pid_namespace, process.pid, process.start, run)
      .run();
  return true;
}

void mark_gone_runs(Connection& connection) {
  struct Gone {
    std::int64_t run;
    RunStatus status;
    std::string reason;
  };
  std::vector<Gone> gone;
  Statement select(connection,
                   fmt::format("SELECT id, {}, heartbeat, folder FROM runs WHERE status = 'running'", kOwnerColumns));
  while (select.step()) {
    const ProcessIdentity owner = owner_at(select, 1);
    if (status_now(RunStatus::running, owner, select.text(6)) == RunStatus::running) continue;
    const std::string crash = crash_note(connection.path().parent_path(), select.text(7));
    gone.push_back({.run = select.integer(0),
                    .status = crash.empty() ? RunStatus::interrupted : RunStatus::failed,
                    .reason = !crash.empty()   ? crash
                              : is_gone(owner) ? "its process is gone"
                                               : fmt::format("no heartbeat from {} any more", owner.host)});
  }
  Statement update(connection, "UPDATE runs SET status = ?, reason = ? WHERE id = ?");
  for (const Gone& one : gone) update.bind(to_string(one.status), one.reason, one.run).run();
}

}  // namespace rxrun
