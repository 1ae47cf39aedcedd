// All rows of a run as values: read from one database, written to another.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "recording/connection.h"
#include "recording/query.h"
#include "recording/recorder.h"

namespace rxrun {

struct StoredRows {
  std::map<std::string, Value> run;     // the row of `runs` by column, without id, experiment and split_run
  std::string experiment;               // its name
  std::map<std::string, Table> tables;  // params, epochs, metrics, ...: without the column `run`
  std::vector<SplitRecord> split;

  const std::string& text(const std::string& column) const;  // of `run`
};

// Throws Error when the run, or what its row names, is not there.
StoredRows read_rows(Connection& connection, std::int64_t run);

// "table.column" of what the tables of a run have and this program's schema does not: read_rows() leaves it alone.
std::vector<std::string> unknown_columns(Connection& connection);

// The run's folder is another one here: `folder` in its row, and before every file that its rows name.
void move_folder(StoredRows& rows, const std::string& folder);

// Within a transaction. A new run, or in the place of `replaced`, which keeps its number and its tags. Returns the
// number.
std::int64_t write_rows(Connection& connection, const StoredRows& rows, std::int64_t replaced = 0);

}  // namespace rxrun
