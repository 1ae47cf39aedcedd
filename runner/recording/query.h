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
};

enum class TableFormat { text, json, csv, markdown };

// text: aligned columns, foreign text made printable; csv: cells that start with = + - @ (and are no numbers) get a '.
std::string render(const Table& table, TableFormat format);

// Runs one statement read-only (query_only, trusted_schema off, no ATTACH). Throws Error with SQLite's words, for an error
// in the statement with its place. `parameters` are bound in order.
Table query(const std::filesystem::path& database, const std::string& sql, const std::vector<Value>& parameters = {});

Table list_runs(const std::filesystem::path& database);
Table best_runs(const std::filesystem::path& database, const std::string& metric, std::int64_t limit);
// One run by id, name or an unambiguous beginning of its name: facts, parameters, then its epochs.
struct RunDetails {
  Table facts, params, epochs;
};
RunDetails show_run(const std::filesystem::path& database, const std::string& run);

}  // namespace rxrun
