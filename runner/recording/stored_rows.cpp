#include "recording/stored_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "recording/reading.h"
#include "recording/run_rows.h"

namespace rxrun {
namespace {

constexpr std::array kTables = {"params",      "epochs",    "metrics",     "results",
                                "predictions", "artifacts", "environment", "tags"};

bool is_kept_by_number(const std::string& column) {
  return column == "id" || column == "experiment" || column == "split_run";
}

std::int64_t insert_run_row(Connection& connection, const std::map<std::string, Value>& row, std::int64_t experiment) {
  std::vector<std::string> columns = {"experiment"}, places = {"?"};
  std::vector<Value> values = {experiment};
  for (const auto& [column, value] : row) {
    columns.push_back(column);
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
    assignments.push_back(column + " = ?");
    values.push_back(value);
  }
  values.emplace_back(run);
  Statement(connection, fmt::format("UPDATE runs SET {} WHERE id = ?", fmt::join(assignments, ", ")))
      .bind_all(values)
      .run();
}

void insert_table(Connection& connection, const std::string& name, const Table& table, std::int64_t run) {
  std::vector<std::string> places(table.columns.size() + 1, "?");
  Statement insert(connection, fmt::format("INSERT INTO {} (run, {}) VALUES ({}) ON CONFLICT DO NOTHING", name,
                                           fmt::join(table.columns, ", "), fmt::join(places, ", ")));
  for (const auto& row : table.rows) {
    std::vector<Value> values = {run};
    values.insert(values.end(), row.begin(), row.end());
    insert.bind_all(values).run();
  }
}

void replace_prefix(Value& value, const std::string& before, const std::string& after) {
  auto* text = std::get_if<std::string>(&value);
  if (text && text->starts_with(before + "/")) *text = after + text->substr(before.size());
}

}  // namespace

const std::string& StoredRows::text(const std::string& column) const { return text_in(run.at(column)); }

StoredRows read_rows(Connection& connection, std::int64_t run) {
  StoredRows rows;
  const Table row = fetch(connection, "SELECT * FROM runs WHERE id = ?", {run});
  for (std::size_t i = 0; i < row.columns.size(); ++i)
    if (!is_kept_by_number(row.columns[i])) rows.run[row.columns[i]] = row.rows.at(0)[i];
  rows.experiment = text_in(
      fetch(connection, "SELECT x.name FROM runs r JOIN experiments x ON x.id = r.experiment WHERE r.id = ?", {run})
          .rows.at(0)[0]);
  for (const char* name : kTables) {
    Table table = fetch(connection, fmt::format("SELECT * FROM {} WHERE run = ?", name), {run});
    table.columns.erase(table.columns.begin());  // run
    for (auto& cells : table.rows) cells.erase(cells.begin());
    rows.tables[name] = std::move(table);
  }
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
