#include "recording/reading.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "diagnostics/diagnostic.h"
#include "recording/ownership.h"
#include "recording/run_folder.h"
#include "recording/schema.h"
#include "recording/writing.h"

namespace rxrun {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

void status_function(sqlite3_context* context, int, sqlite3_value** values) {
  try {
    const std::string recorded = text_of(values[0]);
    RunStatus status = status_now(status_of(recorded), owner_at(values + 1), text_of(values[6]));
    if (status == RunStatus::interrupted && recorded == "running") {
      const std::filesystem::path database = sqlite3_db_filename(sqlite3_context_db_handle(context), "main");
      if (!crash_note(database.parent_path(), text_of(values[8])).empty()) status = RunStatus::failed;
    }
    const bool pruned = status == RunStatus::interrupted && sqlite3_value_int(values[7]) != 0;
    sqlite3_result_text(context, pruned ? "pruned" : to_string(status), -1, SQLITE_STATIC);
  } catch (const std::exception& error) {
    sqlite3_result_error(context, error.what(), -1);
  }
}

// The journal of a writer that was killed holds what the file was before. A connection that cannot write is told so and
// no more; and also for a moment where a writer has just deleted its journal.
std::unique_ptr<Connection> begin_reading(const std::filesystem::path& database) {
  constexpr int attempts = 20;
  constexpr std::chrono::milliseconds pause{2};
  for (int attempt = 0;; ++attempt) {
    auto connection = std::make_unique<Connection>(database, Connection::Mode::read_only);
    try {
      connection->begin_reading();
      return connection;
    } catch (const Error&) {
      const int code = sqlite3_extended_errcode(connection->handle());
      if ((code & 0xff) != SQLITE_READONLY || attempt > attempts) throw;
    }
    if (attempt < attempts) {
      std::this_thread::sleep_for(pause);
    } else {
      Connection writer(database, Connection::Mode::read_write);
      check_schema(writer);  // reading rolls it back
    }
  }
}

std::size_t bytes_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return sizeof value + (text ? text->size() : 0);
}

}  // namespace

const std::string& text_in(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  throw Error(Failure::usage, "the database of results is damaged: a cell that should hold text does not");
}

std::int64_t integer_in(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  throw Error(Failure::usage, "the database of results is damaged: a cell that should hold an integer does not");
}

void as_booleans(Table& table, std::initializer_list<std::string_view> columns) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (std::find(columns.begin(), columns.end(), table.columns[i]) == columns.end()) continue;
    for (auto& row : table.rows)
      if (const auto* integer = std::get_if<std::int64_t>(&row[i])) row[i] = *integer != 0;
  }
}

Value parameter_value(Value stored) {
  const auto* text = std::get_if<std::string>(&stored);
  if (text && (*text == "true" || *text == "false")) return *text == "true";
  return stored;
}

std::unique_ptr<Connection> open_for_reading(const std::filesystem::path& database) {
  check_file(database);
  std::unique_ptr<Connection> connection = begin_reading(database);
  if (check_schema(*connection) < kSchemaVersion) {
    // What is asked here stands on this version's views.
    connection.reset();
    open_for_writing(database);
    connection = begin_reading(database);
    check_schema(*connection);
  }
  connection->execute("PRAGMA query_only = ON");
  connection->execute("PRAGMA cache_size = -65536");  // 64 MB: a view looks at some pages again and again
  sqlite3_create_function_v2(connection->handle(), "rxrun_status", 9, SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
                             status_function, nullptr, nullptr, nullptr);
  return connection;
}

Table fetch(Connection& connection, const std::string& sql, const std::vector<Value>& parameters, std::int64_t limit) {
  Statement statement(connection, sql);
  statement.bind_all(parameters);
  Table table;
  for (int column = 0; column < statement.columns(); ++column) table.columns.push_back(statement.column_name(column));
  std::size_t bytes = 0;
  while (statement.step()) {
    if (limit > 0 && static_cast<std::int64_t>(table.rows.size()) == limit) {
      table.more = true;
      break;
    }
    std::vector<Value>& row = table.rows.emplace_back();
    for (int column = 0; column < statement.columns(); ++column)
      bytes += bytes_of(row.emplace_back(statement.value(column)));
    if (bytes > kMostBytes)
      throw Error(Failure::usage, "the result is larger than 1 GB", "ask for fewer rows or columns");
  }
  return table;
}

}  // namespace rxrun
