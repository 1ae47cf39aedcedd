// Recorder: a run's rows in results.db. sqlite3.h stays in this folder.
//
// One file, rollback journal with synchronous FULL; every write is one BEGIN IMMEDIATE transaction. Schema:
// schemas/results.sql.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rxrun {

struct RunRecord {
  std::string name;        // wanted: "resnext50_breast-3f9a1c2e"; a number is added when it is taken
  std::string experiment;  // its declared name
  std::string file;        // the YAML it came from
  std::string identity;    // SHA-256, hexadecimal
  std::uint64_t seed = 0;
  std::string resolved;                                     // the resolved experiment as YAML
  std::string configuration;                                // equal for runs that differ in nothing but the seed
  std::vector<std::pair<std::string, std::string>> params;  // flat: "network.cardinality" -> "32"
  std::string command;                                      // as typed
  bool generated_data = false;
  std::string content_hash, split_hash;
  std::int64_t skipped_images = 0;
  std::int64_t parameters = 0, multiply_adds = 0;
  std::vector<std::pair<std::string, std::string>> environment;  // "libtorch" -> "1.13.1", "cpu", "precision", ...
  std::string folder;                                            // relative to results.db; chosen by begin()
};

struct EpochRecord {
  std::int64_t epoch = 0;
  double learning_rate = 0.0;
  double seconds = 0.0;
  double images_per_second = 0.0;
  bool best = false;
  std::map<std::string, double> metrics;
  std::string checkpoint;  // file, relative to results.db
};

struct PredictionRecord {
  std::string sample;
  std::int64_t label = 0;
  std::int64_t predicted = 0;
  double probability = 0.0;  // of the predicted class
};

struct SplitRecord {
  std::string sample;
  std::int64_t label = 0;
  std::string group;
  std::string part;
};

enum class RunStatus { running, finished, interrupted, failed };
const char* to_string(RunStatus status);

struct ExistingRun {
  std::int64_t id = 0;
  std::string name;
  RunStatus status = RunStatus::running;  // a run whose process is gone is `interrupted`
  std::string folder;
  std::int64_t epochs = 0;
  std::string experiment;  // its declared name
};

class Recorder {
 public:
  // Opens or creates, migrating under an exclusive lock. Throws Error: not a database, another program's, a newer
  // schema, not writable.
  explicit Recorder(const std::filesystem::path& database);
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
  // Takes over an interrupted run; epochs after `epoch` are removed, so that none is there twice. Throws
  // Error when not all up to it are there.
  void resume(std::int64_t run, std::int64_t epoch);
  void epoch(std::int64_t run, const EpochRecord& record);
  // Says that the run is still worked on, for those who cannot look at this process: to be called every minute, for
  // after five of silence another host may take it over (ownership.h). Throws Error (try_later) when one has.
  void confirm(std::int64_t run);
  // Ends it: status, the final values ("test_accuracy"), predictions, artifacts (name, file, sha256), the reason
  // of a failure.
  struct End {
    RunStatus status = RunStatus::finished;
    std::int64_t best_epoch = 0;
    double seconds = 0.0;
    std::map<std::string, double> metrics;
    std::vector<PredictionRecord> predictions;
    std::vector<std::pair<std::string, std::string>> artifacts;
    std::string reason;
  };
  void end(std::int64_t run, const End& end);

 private:
  struct Database;
  std::unique_ptr<Database> database_;
};

}  // namespace rxrun
