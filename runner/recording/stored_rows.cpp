#include "recording/stored_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/reading.h"
#include "recording/run_rows.h"
#include "recording/schema.h"

namespace rxrun {
namespace {

constexpr std::array kTables = {"params",      "epochs",    "metrics",     "results",
                                "predictions", "artifacts", "environment", "tags"};

bool is_kept_by_number(const std::string& column) {
  return column == "id" || column == "experiment" || column == "split_run" || column == "run";
}

std::vector<std::string> columns_in(Connection& connection, const std::string& table) {
  std::vector<std::string> columns;
  Statement select(connection, "SELECT name FROM pragma_table_info(?)");
  select.bind(table);
  while (select.step()) columns.push_back(select.text(0));
  return columns;
}

// Statements are built of the names in this program's schema only: a database from elsewhere may call its columns
// anything, a piece of SQL too.
const std::vector<std::string>& known_columns(const std::string& table) {
  static const std::map<std::string, std::vector<std::string>> known = [] {
    Connection memory;
    memory.execute(kResultsTables);
    std::map<std::string, std::vector<std::string>> columns{{"runs", columns_in(memory, "runs")}};
    for (const char* name : kTables) columns[name] = columns_in(memory, name);
    return columns;
  }();
  return known.at(table);
}

// Of the run's rows in `table` the columns that are copied as they are. `key` is the column with the run's number.
Table rows_of(Connection& connection, const std::string& table, const std::string& key, std::int64_t run) {
  std::vector<std::string> columns, names;
  for (const std::string& column : known_columns(table)) {
    if (is_kept_by_number(column)) continue;
    columns.push_back(column);
    names.push_back("t." + quoted_name(column));  // without the t. a column that is missing would read as a text
  }
  Table rows =
      fetch(connection,
            fmt::format("SELECT {} FROM {} t WHERE {} = ?", fmt::join(names, ", "), quoted_name(table), key), {run});
  rows.columns = std::move(columns);
  return rows;
}

std::int64_t insert_run_row(Connection& connection, const std::map<std::string, Value>& row, std::int64_t experiment) {
  std::vector<std::string> columns = {"experiment"}, places = {"?"};
  std::vector<Value> values = {experiment};
  for (const auto& [column, value] : row) {
    columns.push_back(quoted_name(column));
    places.push_back("?");
    values.push_back(value);
  }
  Statement(connection,
            fmt::format("INSERT INTO runs ({}) VALUES ({})", fmt::join(columns, ", "), fmt::join(places, ", ")))
      .bind_all(values)
      .run();
  return connection.last_id();
}

void update_run_row(Connection& connection, const std::map<std::string, Value>& row, std::int64_t run) {
  std::vector<std::string> assignments;
  std::vector<Value> values;
  for (const auto& [column, value] : row) {
    if (column == "name" || column == "note") continue;  // as they are here
    assignments.push_back(quoted_name(column) + " = ?");
    values.push_back(value);
  }
  values.emplace_back(run);
  Statement(connection, fmt::format("UPDATE runs SET {} WHERE id = ?", fmt::join(assignments, ", ")))
      .bind_all(values)
      .run();
}

void insert_table(Connection& connection, const std::string& name, const Table& table, std::int64_t run) {
  std::vector<std::string> columns = {"run"};
  for (const std::string& column : table.columns) columns.push_back(quoted_name(column));
  const std::vector<std::string> places(columns.size(), "?");
  Statement insert(connection, fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING", quoted_name(name),
                                           fmt::join(columns, ", "), fmt::join(places, ", ")));
  for (const auto& row : table.rows) {
    std::vector<Value> values = {run};
    values.insert(values.end(), row.begin(), row.end());
    insert.bind_all(values).run();
  }
}

std::string experiment_of(Connection& connection, std::int64_t run) {
  const Table found =
      fetch(connection, "SELECT x.name FROM runs r JOIN experiments x ON x.id = r.experiment WHERE r.id = ?", {run});
  if (found.rows.empty())
    throw Error(
        Failure::usage,
        fmt::format("{} is damaged: the experiment of run {} is not in it", printable(connection.path().string()), run),
        fmt::format("`rxrun export RUN... --results {} --to FOLDER` copies the others",
                    printable(connection.path().parent_path().string())));
  return text_in(found.rows[0][0]);
}

void replace_prefix(Value& value, const std::string& before, const std::string& after) {
  auto* text = std::get_if<std::string>(&value);
  if (text && text->starts_with(before + "/")) *text = after + text->substr(before.size());
}

}  // namespace

const std::string& StoredRows::text(const std::string& column) const { return text_in(run.at(column)); }

std::vector<std::string> unknown_columns(Connection& connection) {
  std::vector<std::string> tables(kTables.begin(), kTables.end()), unknown;
  tables.emplace_back("runs");
  for (const std::string& table : tables) {
    const std::vector<std::string>& known = known_columns(table);
    for (const std::string& column : columns_in(connection, table))
      if (std::find(known.begin(), known.end(), column) == known.end()) unknown.push_back(table + "." + column);
  }
  return unknown;
}

StoredRows read_rows(Connection& connection, std::int64_t run) {
  StoredRows rows;
  const Table row = rows_of(connection, "runs", "id", run);
  if (row.rows.empty()) throw Error(Failure::usage, fmt::format("run {} has been deleted in the meantime", run));
  for (std::size_t i = 0; i < row.columns.size(); ++i) rows.run[row.columns[i]] = row.rows[0][i];
  rows.experiment = experiment_of(connection, run);
  for (const char* name : kTables) rows.tables[name] = rows_of(connection, name, "run", run);
  const Table split =
      fetch(connection,
            "SELECT s.sample, s.label, s.group_name, s.part FROM runs r JOIN splits s ON s.run = r.split_run"
            " WHERE r.id = ? ORDER BY s.position",
            {run});
  for (const auto& cells : split.rows)
    rows.split.push_back({text_in(cells[0]), integer_in(cells[1]), text_in(cells[2]), text_in(cells[3])});
  return rows;
}

void move_folder(StoredRows& rows, const std::string& folder) {
  const std::string before = rows.text("folder");
  rows.run["folder"] = folder;
  for (const auto& [table, column] : {std::pair("epochs", "checkpoint"), std::pair("artifacts", "file")}) {
    Table& files = rows.tables.at(table);
    for (std::size_t i = 0; i < files.columns.size(); ++i)
      if (files.columns[i] == column)
        for (auto& row : files.rows) replace_prefix(row[i], before, folder);
  }
}

std::int64_t write_rows(Connection& connection, const StoredRows& rows, std::int64_t replaced) {
  const std::int64_t experiment = experiment_id(connection, rows.experiment);
  std::int64_t run = replaced;
  if (replaced == 0) {
    run = insert_run_row(connection, rows.run, experiment);
    insert_split(connection, run, rows.text("split_hash"), rows.split);
  } else {
    update_run_row(connection, rows.run, run);
    for (const char* table : kTables)
      if (std::string(table) != "tags")
        Statement(connection, fmt::format("DELETE FROM {} WHERE run = ?", table)).bind(run).run();
  }
  for (const auto& [name, table] : rows.tables) insert_table(connection, name, table, run);
  return run;
}

}  // namespace rxrun
