// What points of sweeps are now: whose claims still hold, what runs tell of them.
#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <utility>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/ownership.h"
#include "recording/process.h"
#include "recording/reading.h"
#include "recording/sweep_sql.h"

namespace rxrun {
namespace {

constexpr double kLeaseMinutes = 2.0;  // for a process that cannot be looked at from here

constexpr std::array<std::pair<PointStatus, const char*>, 6> kStatuses = {{{PointStatus::waiting, "waiting"},
                                                                           {PointStatus::running, "running"},
                                                                           {PointStatus::finished, "finished"},
                                                                           {PointStatus::failed, "failed"},
                                                                           {PointStatus::pruned, "pruned"},
                                                                           {PointStatus::interrupted, "interrupted"}}};

void lapsed_function(sqlite3_context* context, int, sqlite3_value** values) {
  try {
    sqlite3_result_int(context, has_lapsed(owner_at(values), sqlite3_value_double(values[5]), kLeaseMinutes) ? 1 : 0);
  } catch (const std::exception& error) {
    sqlite3_result_error(context, error.what(), -1);
  }
}

std::optional<double> real_at(const Statement& row, int column) {
  const Value value = row.value(column);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  return std::nullopt;
}

}  // namespace

const char* to_string(PointStatus status) {
  for (const auto& [known, word] : kStatuses)
    if (known == status) return word;
  return "unknown";
}

PointStatus point_status_of(const std::string& text) {
  for (const auto& [status, word] : kStatuses)
    if (text == word) return status;
  throw Error(Failure::usage, fmt::format("results.db holds an unknown status of a point, `{}`", printable(text)));
}

void add_lapsed_function(Connection& connection) {
  sqlite3_create_function_v2(connection.handle(), "rxrun_lapsed", 6, SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
                             lapsed_function, nullptr, nullptr, nullptr);
}

std::vector<PointState> point_states(Connection& connection, std::int64_t sweep) {
  Statement select(connection, R"(
    SELECT p.id, v.position, v.overrides, v.status,
           v.status = 'running' AND rxrun_lapsed(p.host, p.boot_id, p.pid_namespace, p.pid, p.process_start,
                                                 (julianday('now') - julianday(p.heartbeat)) * 1440),
           coalesce(v.run, 0), coalesce(v.epochs, 0), coalesce(v.parameters, 0), coalesce(v.multiply_adds, 0),
           coalesce(v.seconds, 0), v.validation_accuracy, v.validation_auc, v.validation_loss, v.test_accuracy,
           coalesce(v.reason, ''), coalesce(p.log_tail, '')
    FROM v_sweep v JOIN points p ON p.id = v.point WHERE v.sweep = ? ORDER BY v.position)");
  select.bind(sweep);
  std::vector<PointState> states;
  while (select.step()) {
    const PointStatus status = point_status_of(select.text(3));
    states.push_back({.point = select.integer(0),
                      .position = select.integer(1),
                      .overrides = select.text(2),
                      .status = select.integer(4) != 0 ? PointStatus::interrupted : status,
                      .run = select.integer(5),
                      .epochs = select.integer(6),
                      .parameters = select.integer(7),
                      .multiply_adds = select.integer(8),
                      .seconds = select.real(9),
                      .validation_accuracy = real_at(select, 10),
                      .validation_auc = real_at(select, 11),
                      .validation_loss = real_at(select, 12),
                      .test_accuracy = real_at(select, 13),
                      .reason = select.text(14),
                      .log_tail = select.text(15)});
  }
  return states;
}

std::vector<KnownPoint> known_points(const std::filesystem::path& database,
                                     const std::vector<std::string>& identities) {
  std::vector<KnownPoint> known(identities.size());
  if (!std::filesystem::exists(database)) return known;
  const auto connection = open_for_reading(database);
  Statement run(*connection, fmt::format(R"(
    SELECT id, {}, epochs FROM runs r
    WHERE identity = ? AND removed IS NULL ORDER BY status = 'finished' DESC, id DESC LIMIT 1)",
                                         kStatusNow));
  for (std::size_t i = 0; i < identities.size(); ++i) {
    if (!run.bind(identities[i]).step()) continue;
    known[i] = {.status = point_status_of(run.text(1)), .run = run.integer(0), .epochs = run.integer(2)};
  }
  Statement failed(*connection, "SELECT 1 FROM points WHERE identity = ? AND status = 'failed'");
  for (std::size_t i = 0; i < identities.size(); ++i)
    if (known[i].status != PointStatus::finished && failed.bind(identities[i]).step())
      known[i].status = PointStatus::failed;
  return known;
}

double seconds_a_multiply_add(const std::filesystem::path& database, const std::string& content_hash) {
  if (!std::filesystem::exists(database)) return 0.0;
  const auto connection = open_for_reading(database);
  Statement select(*connection, R"(
    SELECT total(seconds), total(epochs * CAST(multiply_adds AS REAL)) FROM (
      SELECT seconds, epochs,
             (SELECT value FROM properties WHERE run = runs.id AND name = 'multiply_adds') AS multiply_adds FROM runs
      WHERE content_hash = ? AND status = 'finished' AND epochs > 0 ORDER BY id DESC LIMIT 50))");
  if (!select.bind(content_hash).step() || select.real(1) <= 0.0) return 0.0;
  return select.real(0) / select.real(1);
}

}  // namespace rxrun
