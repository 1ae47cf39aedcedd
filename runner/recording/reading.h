// A connection that cannot write, and a result as a table.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "recording/connection.h"
#include "recording/query.h"

namespace rxrun {

// Throws Error unless `database` is there and ours. An interrupted write of a killed run is rolled back first, and
// an older schema upgraded as a writer would.
// In its SQL, rxrun_status(status, host, boot_id, pid_namespace, pid, process_start, heartbeat) tells what a run's status is now.
std::unique_ptr<Connection> open_for_reading(const std::filesystem::path& database);

Table fetch(Connection& connection, const std::string& sql, const std::vector<Value>& parameters = {},
            std::int64_t limit = 0);

// What the schema promises of a cell. Throws Error when it is something else: the file is damaged then.
const std::string& text_in(const Value& value);
std::int64_t integer_in(const Value& value);

}  // namespace rxrun
