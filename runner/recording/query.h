// Questions to results.db, by a connection that cannot write.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace rxrun {

using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;
  bool more = false;  // there were more rows than asked for
};

enum class TableFormat { text, json, csv, markdown };

// text: aligned columns, numbers to the right and rounded as one reads them, NULL empty; json: an array of objects,
// every digit; csv (RFC 4180): cells that start with = + - @ (and are no numbers) get a ', NULL empty; markdown: a
// table. Foreign text is made printable in all of them; csv keeps line breaks.
std::string render(const Table& table, TableFormat format);

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
};

// run, name, data, status, seed, then the parameters in which the listed runs differ, then epochs, test_accuracy,
// validation_accuracy, started, seconds, tags, note. `more` tells that the limit left some out.
Table list_runs(const std::filesystem::path& database, const RunSelection& selection = {});

// Runs that were removed and can be restored, newest first.
Table removed_runs(const std::filesystem::path& database);

// Finished runs, the best by `metric` first: run, name, experiment, seed, generated_data, the metric, best_epoch,
// epochs, parameters, seconds, finished, folder. Less is better for a loss or a Brier score. Throws Error, with the
// nearest name, for a metric that no run has; without a finished run the table is empty.
Table best_runs(const std::filesystem::path& database, const std::string& metric, std::int64_t limit);

// One run by id, name or an unambiguous beginning of its name.
struct RunDetails {
  Table facts;   // one row
  Table params;  // name, value, varies: whether runs of the same experiment differ in it; those first
  Table epochs;  // as v_curves
};
RunDetails show_run(const std::filesystem::path& database, const std::string& run);

}  // namespace rxrun
