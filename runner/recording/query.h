// Questions to results.db, by a connection that cannot write.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "table/table.h"

namespace rxrun {

// Runs one statement read-only (query_only, trusted_schema off, no ATTACH). Throws Error with SQLite's words, for an
// error in the statement with its place. `parameters` are bound in order. At most `limit` rows (0: all that fit 1 GB).
Table query(const std::filesystem::path& database, const std::string& sql, const std::vector<Value>& parameters = {},
            std::int64_t limit = 0);

// In the following, a run that says `running` but whose process is gone is shown as `interrupted`.

// Which runs, and in which order.
struct RunSelection {
  std::vector<std::string> where;  // conditions such as "cardinality=8" (recording/field.h); all have to hold
  std::string sort;                // a fact, metric or parameter; empty: newest first
  bool descending = false;
  std::int64_t limit = 0;  // 0: all
  bool full_names =
      false;  // of parameters: "network.cardinality"; else "cardinality" where only one column ends in that
};

// run, name, data, status, seed, then the parameters in which the listed runs differ, then epochs, validation_accuracy,
// test_accuracy, started, seconds, tags, note. `more` tells that the limit left some out.
Table list_runs(const std::filesystem::path& database, const RunSelection& selection = {});

// Runs that were removed and can be restored, newest first.
Table removed_runs(const std::filesystem::path& database);

// Finished runs, the best by `metric` first: run, name, experiment, seed, generated_data, the metric, best_epoch,
// epochs, parameters, seconds, finished, folder, content_hash, split_hash. Less is better for a loss or a Brier score.
// Throws Error, with the nearest name, for a metric that no run has; without a finished run the table is empty.
Table best_runs(const std::filesystem::path& database, const std::string& metric, std::int64_t limit,
                const std::vector<std::string>& where = {});

// Which images the finished runs with that metric were scored on: content_hash, split_hash and the number of runs, a
// row for each split of each data. All generated data is one, whose hashes are empty.
Table scored_images(const std::filesystem::path& database, const std::string& metric,
                    const std::vector<std::string>& where = {});

// Of every finished run that fits: run, experiment, generated_data, configuration, seed, split_hash (of generated data
// with its content), content_hash (empty for generated data), split (as it was declared), the metric, then a column a
// key. A split that is drawn by the run's own seed is declared without a seed.
struct SeedValues {
  std::vector<std::string> keys;  // their short names
  bool images_vary = false;       // a key decides which images a run is scored on: these are what is compared
  Table rows;
};
SeedValues seed_values(const std::filesystem::path& database, const std::string& metric,
                       const std::vector<std::string>& keys, const std::vector<std::string>& where);

struct RunReference {
  std::int64_t id = 0;
  std::string name, identity;
  std::string folder;  // relative to results.db
};
// By id, name or an unambiguous beginning of its name; so are all runs below.
RunReference find_run(const std::filesystem::path& database, const std::string& run);

// Whether two runs of equal seeds had the same figures, to the bit.
struct Parting {
  std::int64_t run = 0, other = 0;
  bool equal_seeds = false;  // others part from the start; nothing is looked up then
  std::int64_t epochs = 0, other_epochs = 0;
  std::int64_t first_epoch = 0;  // in which they part; 0: they never do
  Table metrics;                 // name, value, other_value of those that differ in that epoch
};
struct Comparison {
  std::vector<RunReference> runs;
  Table rows;  // section (run, metric, parameter, environment), name, differs (0, 1), then a column a run: "run 3"
  std::vector<Parting> partings;  // of the first run from each other one
};
Comparison compare_runs(const std::filesystem::path& database, const std::vector<std::string>& runs);

struct RunDetails {
  Table facts;   // one row
  Table params;  // name, value, varies: whether runs of the same experiment differ in it; those first
  Table epochs;  // as v_curves
};
RunDetails show_run(const std::filesystem::path& database, const std::string& run);

}  // namespace rxrun
