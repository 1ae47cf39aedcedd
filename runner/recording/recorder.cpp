#include "recording/recorder.h"

#include <fmt/format.h>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/connection.h"
#include "recording/ownership.h"
#include "recording/process.h"
#include "recording/run_rows.h"
#include "recording/writing.h"

namespace rxrun {
namespace fs = std::filesystem;

struct Recorder::Database {
  explicit Database(const fs::path& path) : opened(open_for_writing(path)), connection(*opened) {}

  const std::unique_ptr<Connection> opened;
  Connection& connection;
  const ProcessIdentity process = this_process();
};

namespace {

// Two processes that both found no run of this identity would both compute it.
void check_nobody_runs(Connection& connection, const std::string& identity) {
  Statement running(connection, "SELECT id, pid FROM runs WHERE identity = ? AND status = 'running'");
  if (!running.bind(identity).step()) return;
  throw Error(Failure::try_later, fmt::format("the same experiment is being computed already, as run {} by process {}", running.integer(0), running.integer(1)),
              "wait for it to end, or stop it");
}

}  // namespace

Recorder::Recorder(const fs::path& database) : database_(std::make_unique<Database>(database)) {}
Recorder::~Recorder() = default;

std::optional<ExistingRun> Recorder::find(const std::string& identity) const {
  Statement select(database_->connection,
                   "SELECT id, name, status, folder, epochs, host, boot_id, pid_namespace, pid, process_start,"
                   " heartbeat FROM runs WHERE identity = ? AND removed IS NULL ORDER BY id DESC LIMIT 1");
  if (!select.bind(identity).step()) return std::nullopt;
  const ProcessIdentity owner{.host = select.text(5),
                              .boot_id = select.text(6),
                              .pid_namespace = select.text(7),
                              .pid = select.integer(8),
                              .start = select.integer(9)};
  return ExistingRun{.id = select.integer(0),
                     .name = select.text(1),
                     .status = status_now(status_of(select.text(2)), owner, select.text(10)),
                     .folder = select.text(3),
                     .epochs = select.integer(4)};
}

std::int64_t Recorder::begin(const RunRecord& run, const std::vector<SplitRecord>& split) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  mark_gone_runs(connection);
  Statement taken(connection, "SELECT id FROM runs WHERE name = ?");
  if (taken.bind(run.name).step()) {
    throw Error(Failure::try_later,
                fmt::format("there is a run of the name {} already: run {}", printable(run.name), taken.integer(0)),
                "another process may have just started the same experiment");
  }
  check_nobody_runs(connection, run.identity);
  const std::int64_t id = insert_run(connection, run, database_->process);
  insert_split(connection, id, run.split_hash, split);
  transaction.commit();
  return id;
}

void Recorder::resume(std::int64_t run, std::int64_t epoch) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  if (!claim_run(connection, run, database_->process))
    throw Error(Failure::usage, fmt::format("run {} has finished: there is nothing to resume", run));
  remove_epochs_from(connection, run, epoch + 1);
  update_progress(connection, run);
  transaction.commit();
}

void Recorder::epoch(std::int64_t run, const EpochRecord& record) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  if (!claim_run(connection, run, database_->process))
    throw Error(Failure::usage, fmt::format("run {} has finished: no epoch can be added", run));
  insert_epoch(connection, run, record);
  update_progress(connection, run);
  transaction.commit();
}

void Recorder::confirm(std::int64_t run) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  if (!claim_run(connection, run, database_->process))
    throw Error(Failure::usage, fmt::format("run {} has finished: nothing works on it any more", run));
  Statement(connection, "UPDATE runs SET heartbeat = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE id = ?")
      .bind(run)
      .run();
  transaction.commit();
}

void Recorder::end(std::int64_t run, const End& end) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  if (!claim_run(connection, run, database_->process)) return;
  end_run(connection, run, end);
  transaction.commit();
}

}  // namespace rxrun
