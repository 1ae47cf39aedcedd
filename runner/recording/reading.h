// A connection that cannot write, and a result as a table.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "recording/connection.h"
#include "recording/query.h"

namespace rxrun {

// Throws Error unless `database` is there and ours. An interrupted write of a killed run is rolled back first, and
// an older schema upgraded as a writer would. All is read as it is now (Connection::begin_reading): to be closed soon.
std::unique_ptr<Connection> open_for_reading(const std::filesystem::path& database);

// SQL of a connection for reading: what the status of a run, a row `r` of runs, is now. A run that says `running`
// though its process is gone was interrupted, or has failed if it left a note of its crash, and an interrupted one
// whose point was pruned is `pruned`.
inline constexpr const char* kStatusNow =
    "rxrun_status(r.status, r.host, r.boot_id, r.pid_namespace, r.pid, r.process_start, r.heartbeat,"
    " r.status IN ('interrupted', 'running') AND EXISTS (SELECT 1 FROM points p WHERE p.identity = r.identity"
    " AND p.status = 'pruned' AND p.newer_than < r.id), r.folder)";

Table fetch(Connection& connection, const std::string& sql, const std::vector<Value>& parameters = {},
            std::int64_t limit = 0);

// The 0 and 1 of these columns as false and true.
void as_booleans(Table& table, std::initializer_list<std::string_view> columns);
// A parameter as the experiment has it: `true` and `false` are kept as text.
Value parameter_value(Value stored);

// What the schema promises of a cell. Throws Error when it is something else: the file is damaged then.
const std::string& text_in(const Value& value);
std::int64_t integer_in(const Value& value);

}  // namespace rxrun
