#include "recording/recorder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/folder_lock.h"
#include "recording/connection.h"
#include "recording/ownership.h"
#include "recording/process.h"
#include "recording/reading.h"
#include "recording/record_file.h"
#include "recording/run_folder.h"
#include "recording/run_rows.h"
#include "recording/writing.h"

namespace rxrun {
namespace fs = std::filesystem;

struct Recorder::Database {
  Database(const fs::path& path, Patience given)
      : opened(open_for_writing(path)), connection(*opened), patience(std::move(given)) {}

  bool keeps_back(const Error& error) const { return patience.longest.count() > 0 && may_pass(error); }
  void keep_back(const Error& error);
  void caught_up();

  const std::unique_ptr<Connection> opened;
  Connection& connection;
  const ProcessIdentity process = this_process();
  const Patience patience;
  fs::path folder;                // of the run under way
  std::vector<EpochRecord> kept;  // in that folder, but no rows yet
  bool behind = false;
  std::chrono::steady_clock::time_point try_again = {};  // an epoch that comes earlier is kept back without a try
};

// For a lock, at most. A training computes on instead of waiting: long enough for the writers of a sweep, then for a
// moment now and again.
constexpr std::chrono::milliseconds kWait{5000}, kShortWait{250}, kBetween{10'000};

namespace {

// Two processes that both found no run of this identity would both compute it.
void check_nobody_runs(Connection& connection, const std::string& identity) {
  Statement running(connection, "SELECT id, pid FROM runs WHERE identity = ? AND status = 'running'");
  if (!running.bind(identity).step()) return;
  throw Error(Failure::try_later,
              fmt::format("the same experiment is already being run, as run {} by process {}", running.integer(0),
                          running.integer(1)),
              "wait for it to end, or stop it");
}

std::optional<ExistingRun> existing(Connection& connection, const char* which, const Value& value) {
  Statement select(connection, fmt::format("SELECT id, name, status, folder, epochs, {}, heartbeat,"
                                           " (SELECT name FROM experiments WHERE id = runs.experiment), checkpoint_key"
                                           " FROM runs"
                                           " WHERE removed IS NULL AND {}",
                                           kOwnerColumns, which));
  if (!select.bind(value).step()) return std::nullopt;
  return ExistingRun{.id = select.integer(0),
                     .name = select.text(1),
                     .status = status_now(status_of(select.text(2)), owner_at(select, 5), select.text(10)),
                     .folder = select.text(3),
                     .epochs = select.integer(4),
                     .experiment = select.text(11),
                     .checkpoint_key = select.text(12)};
}

// Of a begin() that was killed before its row was there: the files that it makes, of nothing computed yet.
bool is_abandoned(const fs::path& folder, const std::string& identity) {
  std::error_code code;
  if (!fs::is_directory(fs::symlink_status(folder, code))) return false;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool made_first = name == "lock" || name == "experiment.yaml" || name == "split.jsonl" ||
                            name == kRecordFile || name.starts_with(".rxrun-");
    if (!made_first || !fs::is_regular_file(entry.symlink_status())) return false;
  }
  return !has_record(folder) || only_begun(folder, identity);
}

// Otherwise the same run would have one name where it was killed early, and another where it was not.
bool remove_abandoned(const fs::path& folder, const std::string& identity) {
  try {
    if (!is_abandoned(folder, identity)) return false;
    const FolderLock nobody_works_there(folder);
    fs::remove_all(folder);
    return true;
  } catch (const fs::filesystem_error&) {
    return false;  // another name will do
  } catch (const Error& error) {
    if (error.failure() != Failure::try_later) throw;
    return false;
  }
}

// The folder of a run that is being inserted, and with it the run's name. Rows and folders come apart by renaming a
// run, by importing and by deleting, so both have to be free; mkdir decides against whoever works outside of the
// database.
class NewFolder {
 public:
  NewFolder(Connection& connection, RunRecord& run) {
    const fs::path results = connection.path().parent_path();
    std::error_code failure;
    require_no_link(results, "checkpoints");
    fs::create_directories(results / "checkpoints", failure);
    Statement taken(connection, "SELECT 1 FROM runs WHERE name = ? OR folder = ?");
    run.name = first_free(run.name, [&](const std::string& name) {
      run.folder = "checkpoints/" + name;
      path_ = results / run.folder;
      if (taken.bind(name, run.folder).step()) return false;
      if (::mkdir(path_.c_str(), 0777) == 0) return true;
      int cause = errno;
      if (cause == EEXIST && remove_abandoned(path_, run.identity)) {
        if (::mkdir(path_.c_str(), 0777) == 0) return true;
        cause = errno;
      }
      if (cause == EEXIST) return false;
      throw Error(Failure::usage,
                  fmt::format("cannot create the folder {}: {}", printable(path_.string()), std::strerror(cause)),
                  "choose another one with --results");
    });
  }
  ~NewFolder() {
    std::error_code ignored;
    if (!kept_) fs::remove_all(path_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  const fs::path& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  fs::path path_;
  bool kept_ = false;
};

// A run that goes on without the epochs before would be finished with a hole in its curve.
void check_epochs(Connection& connection, std::int64_t run, std::int64_t wanted) {
  Statement select(connection, "SELECT count(*) FROM epochs WHERE run = ?");
  select.bind(run).step();
  if (select.integer(0) == wanted) return;
  throw Error(
      Failure::usage,
      fmt::format("the checkpoint of run {} is ahead of results.db: of the {} before it {} recorded", run,
                  counted(wanted, "epoch"),
                  select.integer(0) == 0   ? "none is"
                  : select.integer(0) == 1 ? "1 is"
                                           : fmt::format("{} are", select.integer(0))),
      fmt::format(
          "a results.db from before, or an import, may have lost them: put the right one back, or begin anew with "
          "`rxrun rerun {}`",
          run));
}

// Epochs that a run had to keep back (Recorder's patience) before it was killed.
void take_epochs_of_record(Connection& connection, std::int64_t run, std::int64_t wanted, const fs::path& folder) {
  Statement select(connection,
                   "SELECT coalesce(max(epoch), 0), (SELECT identity FROM runs WHERE id = ?1)"
                   " FROM epochs WHERE run = ?1");
  select.bind(run).step();
  const std::int64_t there = select.integer(0);
  const std::string identity = select.text(1);
  select.run();
  if (there >= wanted) return;
  const RunHistory history = read_record(folder);
  if (history.run.identity != identity) return;
  for (const EpochRecord& epoch : history.epochs)
    if (epoch.epoch > there && epoch.epoch <= wanted) insert_epoch(connection, run, epoch);
}

fs::path folder_of(Connection& connection, std::int64_t run) {
  Statement select(connection, "SELECT folder FROM runs WHERE id = ?");
  if (!select.bind(run).step())
    throw Error(Failure::usage, fmt::format("run {} has been deleted in the meantime", run));
  return own_folder(connection.path().parent_path(), run, select.text(0));
}

// The folder with a record in it: a run whose folder was deleted, or that is from before there were records, gets one
// of what its rows say.
fs::path recorded_folder(Connection& connection, std::int64_t run) {
  fs::path folder = folder_of(connection, run);
  std::error_code code;  // writing the record tells
  fs::create_directories(folder, code);
  if (!has_record(folder)) write_record(folder, history_of(connection, run));
  return folder;
}

}  // namespace

void Recorder::Database::keep_back(const Error& error) {
  if (!behind && patience.tell)
    patience.tell(
        fmt::format("{}; the run goes on: {} has its epochs, which become rows of results.db once it can be "
                    "written",
                    error.what(), printable((folder / kRecordFile).string())));
  behind = true;
  try_again = std::chrono::steady_clock::now() + std::min(kBetween, patience.longest);
  connection.set_patience(std::min(kShortWait, patience.longest));
}

void Recorder::Database::caught_up() {
  if (behind && patience.tell)
    patience.tell(fmt::format("results.db can be written again, and has {} kept back in the run's folder",
                              kept.empty() ? "all that was" : "the " + counted(kept.size(), "epoch") + " that were"));
  behind = false;
  kept.clear();
  if (patience.longest.count() > 0) connection.set_patience(std::min(kWait, patience.longest));
}

Recorder::Recorder(const fs::path& database, Patience patience)
    : database_(std::make_unique<Database>(database, std::move(patience))) {}
Recorder::~Recorder() = default;

bool Recorder::is_behind() const { return database_->behind; }

std::optional<ExistingRun> Recorder::find(const std::string& identity) const {
  return existing(database_->connection, "identity = ? ORDER BY id DESC LIMIT 1", identity);
}

std::optional<ExistingRun> Recorder::find_run(std::int64_t run) const {
  return existing(database_->connection, "id = ?", run);
}

std::int64_t Recorder::begin(RunRecord run, const std::vector<SplitRecord>& split,
                             const std::function<void(const RunRecord&)>& fill) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  mark_gone_runs(connection);
  check_nobody_runs(connection, run.identity);
  NewFolder folder(connection, run);
  if (run.checkpoint_key.empty()) run.checkpoint_key = run.identity;
  run.started = now(connection);
  if (fill) fill(run);
  begin_record(folder.path(), run, split);
  const std::int64_t id = insert_run(connection, run, split, database_->process);
  transaction.commit();
  folder.keep();
  database_->folder = folder.path();
  database_->caught_up();
  return id;
}

void Recorder::resume(std::int64_t run, std::int64_t epoch) {
  patiently(database_->patience, [&] {
    Connection& connection = database_->connection;
    Transaction transaction(connection);
    if (!claim_run(connection, run, database_->process))
      throw Error(Failure::usage, fmt::format("run {} has finished: there is nothing to resume", run));
    database_->folder = recorded_folder(connection, run);
    remove_epochs_from(connection, run, epoch + 1);
    take_epochs_of_record(connection, run, epoch, database_->folder);
    check_epochs(connection, run, epoch);
    update_progress(connection, run);
    record_continuation(database_->folder, epoch);
    transaction.commit();
    database_->caught_up();
  });
}

void Recorder::epoch(std::int64_t run, const EpochRecord& told) {
  Connection& connection = database_->connection;
  EpochRecord epoch = told;
  epoch.written = now(connection);
  const auto keep = [&] {
    // The checkpoint of the next epoch must not come before the record of this one: without either it would be lost.
    patiently(database_->patience, [&] { record(database_->folder, epoch); });
    database_->kept.push_back(epoch);
  };
  if (database_->behind && std::chrono::steady_clock::now() < database_->try_again) return keep();
  bool recorded = false;
  try {
    Transaction transaction(connection);
    if (!claim_run(connection, run, database_->process))
      throw Error(Failure::usage, fmt::format("run {} has finished: no epoch can be added", run));
    record(recorded_folder(connection, run), epoch);
    recorded = true;
    for (const EpochRecord& earlier : database_->kept) insert_epoch(connection, run, earlier);
    insert_epoch(connection, run, epoch);
    update_progress(connection, run);
    transaction.commit();
  } catch (const Error& error) {
    if (!database_->keeps_back(error)) throw;
    if (recorded)
      database_->kept.push_back(epoch);
    else
      keep();
    database_->keep_back(error);
    return;
  }
  database_->caught_up();
}

void Recorder::confirm(std::int64_t run) {
  Connection& connection = database_->connection;
  try {
    Transaction transaction(connection);
    if (!claim_run(connection, run, database_->process))
      throw Error(Failure::usage, fmt::format("run {} has finished: nothing works on it any more", run));
    for (const EpochRecord& epoch : database_->kept) insert_epoch(connection, run, epoch);
    update_progress(connection, run);
    transaction.commit();
  } catch (const Error& error) {
    if (!database_->keeps_back(error)) throw;
    database_->keep_back(error);
    return;
  }
  database_->caught_up();
}

void Recorder::write_end(std::int64_t run, const RunEnd& told) {
  Connection& connection = database_->connection;
  const auto longest = database_->patience.longest;
  const bool patient = longest.count() > 0;
  if (patient) connection.set_patience(std::min(kWait, longest));
  // What is recorded in the folder must not be recorded again and again because a reader keeps it from its commit.
  Transaction transaction(connection, patient ? Transaction::Shuts::all_out : Transaction::Shuts::writers_out);
  if (!claim_run(connection, run, database_->process)) return;
  const fs::path folder = recorded_folder(connection, run);
  for (const EpochRecord& epoch : database_->kept) insert_epoch(connection, run, epoch);
  if (!database_->kept.empty()) update_progress(connection, run);
  RunEnd end = told;
  end.at = now(connection);
  for (EvaluationRecord& evaluation : end.evaluations) {
    evaluation.made = end.at;
    record(folder, evaluation, insert_evaluation(connection, run, evaluation));
  }
  record(folder, end);
  end_run(connection, run, end);
  transaction.commit();
  database_->caught_up();
}

void Recorder::end(std::int64_t run, const RunEnd& end) {
  if (end.status == RunStatus::finished) {
    patiently(database_->patience, [&] { write_end(run, end); });
    return;
  }
  try {
    write_end(run, end);
  } catch (const Error& error) {
    // Whoever stops a run is not to wait.
    if (end.status != RunStatus::interrupted || !database_->keeps_back(error)) throw;
    if (database_->patience.tell)
      database_->patience.tell(
          fmt::format("{}; run {} counts as interrupted as soon as its process has ended, and can be continued",
                      error.what(), run));
  }
}

void record_evaluation(const fs::path& database, std::int64_t run, const EvaluationRecord& told) {
  const auto connection = open_for_writing(database);
  Transaction transaction(*connection);
  EvaluationRecord evaluation = told;
  evaluation.made = now(*connection);
  const fs::path folder = recorded_folder(*connection, run);  // as it is before this
  record(folder, evaluation, insert_evaluation(*connection, run, evaluation));
  transaction.commit();
}

std::int64_t looks_at_test(const fs::path& database, const std::string& content) {
  const auto connection = open_for_reading(database);
  Statement select(*connection, "SELECT count(*) FROM evaluations WHERE part = 'test' AND content = ?");
  select.bind(content).step();
  return select.integer(0);
}

}  // namespace rxrun
