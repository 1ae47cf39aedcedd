#include "recording/sweep_rows.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/files.h"
#include "recording/process.h"
#include "recording/sweep_sql.h"
#include "recording/writing.h"

namespace rxrun {
namespace {

constexpr const char* kAnswers =
    "SELECT max(r.id) FROM runs r WHERE r.identity = points.identity AND r.status = 'finished' AND r.removed IS NULL"
    " AND r.id > points.newer_than";

// Finished runs answer points, whoever made them; a run that was removed answers none any more.
void take_answers(Connection& connection, std::int64_t sweep) {
  Statement(connection, fmt::format(R"(
    UPDATE points SET status = 'finished', run = ({0}), reason = NULL, log_tail = NULL
    WHERE id IN (SELECT point FROM sweep_points WHERE sweep = ?) AND status <> 'finished' AND ({0}) IS NOT NULL
      AND NOT (status = 'running' AND NOT rxrun_lapsed(host, boot_id, pid_namespace, pid, process_start,
                                                       (julianday('now') - julianday(heartbeat)) * 1440)))",
                                    kAnswers))
      .bind(sweep)
      .run();
  Statement(connection, fmt::format(R"(
    UPDATE points SET status = 'waiting', run = NULL
    WHERE id IN (SELECT point FROM sweep_points WHERE sweep = ?) AND status = 'finished' AND ({}) IS NULL)",
                                    kAnswers))
      .bind(sweep)
      .run();
}

std::vector<std::string> identities_of(const SweepRecord& sweep) {
  std::vector<std::string> identities;
  for (const PointRecord& point : sweep.points) identities.push_back(point.identity);
  return identities;
}

// A point of another sweep that has the identity already takes the place.
void identify_point(Connection& connection, std::int64_t sweep, std::int64_t position, const std::string& identity) {
  Statement(connection, R"(
    UPDATE OR IGNORE points SET identity = ?3
    WHERE id = (SELECT point FROM sweep_points WHERE sweep = ?1 AND position = ?2) AND identity GLOB 'former:*')")
      .bind(sweep, position, identity)
      .run();
  Statement(connection, R"(
    UPDATE sweep_points SET point = (SELECT id FROM points WHERE identity = ?3)
    WHERE sweep = ?1 AND position = ?2 AND EXISTS (SELECT 1 FROM points WHERE identity = ?3))")
      .bind(sweep, position, identity)
      .run();
}

// A sweep whose points had other identities before a migration, which nobody but its plan can tell now: the one of this
// experiment whose points set the same, and are the same as far as they are known, gets the rest, and with it its
// identity.
void adopt(Connection& connection, const SweepRecord& sweep, const std::string& identity) {
  Statement former(connection, R"(
    SELECT DISTINCT s.sweep FROM sweep_points s JOIN points p ON p.id = s.point
    WHERE p.identity GLOB 'former:*' AND NOT EXISTS (SELECT 1 FROM sweeps WHERE identity = ?1)
      AND (SELECT search FROM sweeps WHERE id = s.sweep) IS nullif(?2, '')
      AND (SELECT substr(name, 1, length(?3) + 1) FROM sweeps WHERE id = s.sweep) = ?3 || '-')");
  std::vector<std::int64_t> candidates;
  former.bind(identity, sweep.search, sweep.name);
  while (former.step()) candidates.push_back(former.integer(0));
  for (const std::int64_t candidate : candidates) {
    std::vector<std::pair<std::string, nlohmann::json>> points;  // identity, what it sets
    Statement select(connection,
                     "SELECT p.identity, s.overrides FROM sweep_points s JOIN points p ON p.id = s.point"
                     " WHERE s.sweep = ? ORDER BY s.position");
    select.bind(candidate);
    while (select.step()) points.emplace_back(select.text(0), nlohmann::json::parse(select.text(1), nullptr, false));
    bool same = sweep.search.empty() ? points.size() == sweep.points.size() : points.size() >= sweep.points.size();
    for (std::size_t i = 0; same && i < sweep.points.size(); ++i)
      same = (is_former(points[i].first) || points[i].first == sweep.points[i].identity) &&
             points[i].second == nlohmann::json::parse(sweep.points[i].overrides, nullptr, false);
    if (!same) continue;
    for (std::size_t i = 0; i < sweep.points.size(); ++i)
      identify_point(connection, candidate, static_cast<std::int64_t>(i) + 1, sweep.points[i].identity);
    Statement(connection, "UPDATE sweeps SET identity = ? WHERE id = ?").bind(identity, candidate).run();
    return;
  }
}

std::string json_of(const std::vector<std::int64_t>& numbers) { return nlohmann::json(numbers).dump(); }

// An identity decides every number, so what is newly resolved from it takes the place of the old: only paths differ,
// and those of a database from elsewhere are not this user's.
void insert_points(Connection& connection, std::int64_t sweep, std::int64_t position,
                   const std::vector<PointRecord>& points) {
  Statement insert(connection, R"(
    INSERT INTO points (identity, resolved, status) VALUES (?, ?, 'waiting')
    ON CONFLICT (identity) DO UPDATE SET resolved = excluded.resolved WHERE resolved <> excluded.resolved)");
  Statement place(connection, R"(
    INSERT INTO sweep_points (sweep, position, point, overrides, coordinates)
    VALUES (?1, ?2, (SELECT id FROM points WHERE identity = ?3), ?4, nullif(?5, ''))
    ON CONFLICT (sweep, position) DO NOTHING)");
  for (const PointRecord& point : points) {
    insert.bind(point.identity, point.resolved).run();
    place.bind(sweep, position++, point.identity, point.overrides, point.coordinates).run();
  }
}

}  // namespace

bool is_former(const std::string& identity) { return identity.starts_with(kFormerIdentity); }

std::string identity_of_sweep(const std::string& search, const std::vector<std::string>& points) {
  Sha256 hash;
  if (!search.empty()) {
    hash.update(search + "\n" + points.front() + "\n");
    return hash.hex();
  }
  for (const std::string& point : points) hash.update(point + "\n");
  return hash.hex();
}

struct SweepRows::Database {
  explicit Database(const std::filesystem::path& path) : opened(open_for_writing(path)), connection(*opened) {
    add_lapsed_function(connection);
  }

  const std::unique_ptr<Connection> opened;
  Connection& connection;
  const ProcessIdentity process = this_process();
};

SweepRows::SweepRows(const std::filesystem::path& database) : database_(std::make_unique<Database>(database)) {}
SweepRows::~SweepRows() = default;

void SweepRows::set_patience(std::chrono::milliseconds patience) { database_->connection.set_patience(patience); }

std::int64_t SweepRows::open(const SweepRecord& sweep) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  const std::string identity = identity_of_sweep(sweep.search, identities_of(sweep));
  adopt(connection, sweep, identity);
  // An insertion that a conflict prevents would use a number up all the same.
  Statement(connection, fmt::format(R"(
    INSERT INTO sweeps (name, identity, declaration, command, created, search)
    SELECT ?1, ?2, ?3, ?4, {}, nullif(?5, '') WHERE NOT EXISTS (SELECT 1 FROM sweeps WHERE identity = ?2))",
                                    kNow))
      .bind(fmt::format("{}-{}", sweep.name, identity.substr(0, 8)), identity, sweep.declaration, sweep.command,
            sweep.search)
      .run();
  Statement select(connection, "SELECT id FROM sweeps WHERE identity = ?");
  select.bind(identity).step();
  const std::int64_t id = select.integer(0);
  insert_points(connection, id, 1, sweep.points);
  take_answers(connection, id);
  transaction.commit();
  return id;
}

void SweepRows::identify(std::int64_t sweep, std::int64_t position, const std::string& identity) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  identify_point(connection, sweep, position, identity);
  take_answers(connection, sweep);
  transaction.commit();
}

Added SweepRows::add(std::int64_t sweep, std::int64_t position, const PointRecord& point) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  {
    Statement last(connection, "SELECT coalesce(max(position), 0) FROM sweep_points WHERE sweep = ?");
    last.bind(sweep).step();
    if (last.integer(0) != position - 1) return Added::taken;
    Statement same(connection,
                   "SELECT 1 FROM sweep_points s JOIN points p ON p.id = s.point WHERE s.sweep = ? AND p.identity = ?");
    if (same.bind(sweep, point.identity).step()) return Added::known;
  }
  insert_points(connection, sweep, position, {point});
  take_answers(connection, sweep);
  transaction.commit();
  return Added::added;
}

std::vector<SearchedPoint> SweepRows::searched(std::int64_t sweep, const std::string& metric) const {
  return searched_points(database_->connection, sweep, metric);
}

void SweepRows::compute_again(std::int64_t sweep) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  Statement(connection, R"(
    UPDATE points SET status = 'waiting', newer_than = run, run = NULL, failures = 0
    WHERE id IN (SELECT point FROM sweep_points WHERE sweep = ?) AND status = 'finished')")
      .bind(sweep)
      .run();
  transaction.commit();
}

std::vector<std::int64_t> SweepRows::reopen_failed(std::int64_t sweep) {
  Connection& connection = database_->connection;
  Transaction transaction(connection);
  std::vector<std::int64_t> points;
  Statement update(connection, R"(
    UPDATE points SET status = 'waiting', failures = 0
    WHERE id IN (SELECT point FROM sweep_points WHERE sweep = ?) AND status = 'failed' RETURNING id)");
  update.bind(sweep);
  while (update.step()) points.push_back(update.integer(0));
  transaction.commit();
  return points;
}

std::optional<Claim> SweepRows::claim(std::int64_t sweep, const ClaimOptions& options) {
  Connection& connection = database_->connection;
  const ProcessIdentity& me = database_->process;
  Transaction transaction(connection);
  take_answers(connection, sweep);
  if (options.pruning) prune_judged(connection, sweep);
  std::optional<Claim> claim;
  {
    Statement update(connection, fmt::format(R"(
      UPDATE points SET status = 'running', attempts = attempts + 1, reason = NULL, log_tail = NULL,
             host = ?4, boot_id = ?5, pid_namespace = ?6, pid = ?7, process_start = ?8,
             claimed = {0}, heartbeat = {0}
      WHERE id = (
        SELECT p.id FROM sweep_points s JOIN points p ON p.id = s.point
        WHERE s.sweep = ?1 AND p.id NOT IN (SELECT value FROM json_each(?3)) AND (
          p.status IN ('waiting', 'interrupted') OR
          (p.status = 'pruned' AND NOT (?9 AND EXISTS (
            SELECT 1 FROM rungs WHERE sweep = ?1 AND point = p.id AND kept = 0))) OR (p.status = 'failed' AND p.failures <= ?2) OR
          (p.status = 'running'
           AND rxrun_lapsed(p.host, p.boot_id, p.pid_namespace, p.pid, p.process_start,
                            (julianday('now') - julianday(p.heartbeat)) * 1440)))
        -- A grid's neighbours are alike: a rule that compares wants them mixed.
        ORDER BY iif(?9, s.position * 2654435761 % 4294967296, s.position) LIMIT 1)
      RETURNING id, identity, resolved,
        (SELECT min(s.position) FROM sweep_points s WHERE s.sweep = ?1 AND s.point = points.id),
        (SELECT s.overrides FROM sweep_points s WHERE s.sweep = ?1 AND s.point = points.id ORDER BY s.position LIMIT 1),
        coalesce((SELECT r.id <= newer_than FROM runs r WHERE r.identity = points.identity AND r.removed IS NULL
                  ORDER BY r.id DESC LIMIT 1), 0),
        coalesce((SELECT r.epochs FROM runs r WHERE r.identity = points.identity AND r.removed IS NULL AND r.id > newer_than
                  ORDER BY r.id DESC LIMIT 1), 0))",
                                             kNow));
    update.bind(sweep, options.retries, json_of(options.leave), me.host, me.boot_id, me.pid_namespace, me.pid, me.start,
                int{options.pruning});
    if (update.step())
      claim = Claim{.point = update.integer(0),
                    .position = update.integer(3),
                    .identity = update.text(1),
                    .resolved = update.text(2),
                    .overrides = update.text(4),
                    .again = update.integer(5) != 0,
                    .epochs = update.integer(6)};
    while (update.step()) {
    }
  }
  transaction.commit();
  return claim;
}

PointStatus SweepRows::release(std::int64_t point, const PointEnd& end) {
  Connection& connection = database_->connection;
  const ProcessIdentity& me = database_->process;
  Transaction transaction(connection);
  const bool failed = end.status == PointStatus::failed;
  Statement(connection, fmt::format(R"(
    UPDATE points SET status = iif(({0}) IS NOT NULL, 'finished', ?1), run = ({0}),
           failures = failures + (?2 AND ({0}) IS NULL), reason = iif(({0}) IS NULL, nullif(?3, ''), NULL),
           log_tail = iif(({0}) IS NULL, nullif(?4, ''), NULL)
    WHERE id = ?5 AND status = 'running' AND host = ?6 AND boot_id = ?7 AND pid_namespace = ?8 AND pid = ?9
      AND process_start = ?10)",
                                    kAnswers))
      .bind(to_string(end.status), int{failed}, end.reason, end.log_tail, point, me.host, me.boot_id, me.pid_namespace,
            me.pid, me.start)
      .run();
  Statement select(connection, "SELECT status FROM points WHERE id = ?");
  select.bind(point).step();
  const PointStatus status = point_status_of(select.text(0));
  select.run();
  transaction.commit();
  return status;
}

std::vector<std::int64_t> SweepRows::confirm() {
  Connection& connection = database_->connection;
  const ProcessIdentity& me = database_->process;
  Transaction transaction(connection);
  std::vector<std::int64_t> points;
  {
    Statement update(connection, fmt::format(R"(
      UPDATE points SET heartbeat = {}
      WHERE status = 'running' AND host = ? AND boot_id = ? AND pid_namespace = ? AND pid = ? AND process_start = ?
      RETURNING id)",
                                             kNow));
    update.bind(me.host, me.boot_id, me.pid_namespace, me.pid, me.start);
    while (update.step()) points.push_back(update.integer(0));
  }
  transaction.commit();
  return points;
}

std::optional<Judgement> SweepRows::judge(std::int64_t sweep, std::int64_t point, const Rung& rung,
                                          const GoesOn& goes_on) {
  return judge_point(database_->connection, sweep, point, rung, goes_on);
}

bool SweepRows::promote(std::int64_t sweep, const std::vector<Rung>& rungs,
                        const std::function<std::size_t(std::size_t)>& places) {
  return promote_point(database_->connection, sweep, rungs, places);
}

bool SweepRows::has_open_points(std::int64_t sweep) const {
  Statement select(database_->connection, R"(
    SELECT count(*) FROM sweep_points s JOIN points p ON p.id = s.point
    WHERE s.sweep = ?1 AND (p.status IN ('waiting', 'running', 'interrupted') OR (
      p.status = 'pruned' AND NOT EXISTS (SELECT 1 FROM rungs WHERE sweep = ?1 AND point = p.id AND kept = 0))))");
  select.bind(sweep).step();
  return select.integer(0) > 0;
}

std::vector<PointState> SweepRows::states(std::int64_t sweep) const {
  return point_states(database_->connection, sweep);
}

std::string SweepRows::name(std::int64_t sweep) const {
  Statement select(database_->connection, "SELECT name FROM sweeps WHERE id = ?");
  if (!select.bind(sweep).step()) throw Error(Failure::usage, fmt::format("there is no sweep {}", sweep));
  return select.text(0);
}

}  // namespace rxrun
