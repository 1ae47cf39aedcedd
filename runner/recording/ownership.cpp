#include "recording/ownership.h"

#include <fmt/format.h>

#include <vector>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

// From five columns: host, boot_id, pid_namespace, pid, process_start.
ProcessIdentity owner_at(const Statement& row, int column) {
  return {.host = row.text(column),
          .boot_id = row.text(column + 1),
          .pid_namespace = row.text(column + 2),
          .pid = row.integer(column + 3),
          .start = row.integer(column + 4)};
}

}  // namespace

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
  throw Error(Failure::usage, fmt::format("results.db holds an unknown status `{}`", printable(text)));
}

RunStatus status_now(RunStatus recorded, const ProcessIdentity& owner) {
  return recorded == RunStatus::running && is_gone(owner) ? RunStatus::interrupted : recorded;
}

bool claim_run(Connection& connection, std::int64_t run, const ProcessIdentity& process) {
  Statement select(connection,
                   "SELECT status, host, boot_id, pid_namespace, pid, process_start FROM runs WHERE id = ?");
  if (!select.bind(run).step())
    throw Error(Failure::usage, fmt::format("there is no run {} in {}", run, printable(connection.path().string())));
  const RunStatus status = status_of(select.text(0));
  const ProcessIdentity owner = owner_at(select, 1);
  if (status == RunStatus::finished) return false;
  if (status == RunStatus::running && owner == process) return true;
  if (status_now(status, owner) == RunStatus::running) {
    throw Error(
        Failure::try_later,
        fmt::format("run {} belongs to process {} on {}, which is running still, as far as can be told from here", run,
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
  std::vector<std::int64_t> gone;
  Statement select(connection,
                   "SELECT id, host, boot_id, pid_namespace, pid, process_start FROM runs WHERE status = 'running'");
  while (select.step())
    if (is_gone(owner_at(select, 1))) gone.push_back(select.integer(0));
  Statement update(connection, "UPDATE runs SET status = 'interrupted', reason = 'its process is gone' WHERE id = ?");
  for (std::int64_t run : gone) update.bind(run).run();
}

}  // namespace rxrun
