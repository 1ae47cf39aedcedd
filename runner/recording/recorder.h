// Recorder: a run's record, in its folder first (record_file.h) and then as rows of results.db. sqlite3.h stays in this
// folder.
//
// The database is one file, rollback journal with synchronous FULL; every write is one BEGIN IMMEDIATE transaction.
// Schema: schemas/results.sql.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "files/patience.h"
#include "recording/run_record.h"

namespace rxrun {

struct ExistingRun {
  std::int64_t id = 0;
  std::string name;
  RunStatus status = RunStatus::running;  // a run whose process is gone is `interrupted`
  std::string folder;
  std::int64_t epochs = 0;
  std::string experiment;      // its declared name
  std::string checkpoint_key;  // that its checkpoints bear
};

// Adds a look at `run`'s weights to what is kept of it. Throws Error.
void record_evaluation(const std::filesystem::path& database, std::int64_t run, const EvaluationRecord& evaluation);

// How often the test part of this content (EvaluationRecord) has been scored, by whatever run of these results.
std::int64_t looks_at_test(const std::filesystem::path& database, const std::string& content);

class Recorder {
 public:
  // Opens or creates, migrating under an exclusive lock. Throws Error: not a database, another program's, a newer
  // schema, not writable.
  // With `patience`, a database that is locked and a disk that is full (may_pass()) end no run that has begun. resume()
  // and the end() of one that has finished wait; epoch() waits until the epoch is in the run's folder, and its rows
  // follow with a later epoch(), confirm() or end(). What is kept back and that it is written are told.
  explicit Recorder(const std::filesystem::path& database, Patience patience = {});
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // The newest run of that identity, if any. A removed run is none.
  std::optional<ExistingRun> find(const std::string& identity) const;
  // The run of that number, unless it has been removed.
  std::optional<ExistingRun> find_run(std::int64_t run) const;
  // Inserts a run (status running, with pid, boot id and host) and returns its id. Its name is the first of "x", "x-2",
  // "x-3", ... that no run has and whose folder, checkpoints/NAME, is free; the folder is made. `fill` is called with
  // the record as it will be, before anybody else can see the run; when it throws, or the row cannot be written,
  // neither row nor folder stay. Throws Error (try_later) while a run of this identity is being computed.
  std::int64_t begin(RunRecord run, const std::vector<SplitRecord>& split,
                     const std::function<void(const RunRecord&)>& fill = {});
  // Takes over an interrupted run; epochs after `epoch` are removed, so that none is there twice. Those before it that
  // only the folder has become rows. Throws Error when not all up to it are there.
  void resume(std::int64_t run, std::int64_t epoch);
  void epoch(std::int64_t run, const EpochRecord& record);
  // Says that the run is still worked on, for those who cannot look at this process: to be called every minute, for
  // after five of silence another host may take it over (ownership.h). Throws Error (try_later) when one has.
  void confirm(std::int64_t run);
  bool is_behind() const;  // something is kept back: to be confirmed every few seconds
  void end(std::int64_t run, const RunEnd& end);

 private:
  void write_end(std::int64_t run, const RunEnd& end);

  struct Database;
  std::unique_ptr<Database> database_;
};

}  // namespace rxrun
