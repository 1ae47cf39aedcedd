// What a pruning rule saw of the points of a sweep, and what it decided.
#include <fmt/format.h>

#include "recording/sweep_sql.h"

namespace rxrun {
namespace {

// Whether the best value is the largest or the least.
const char* best_of(bool maximize) { return maximize ? "max" : "min"; }

// Points that were answered without being judged, by a run of another sweep: they count among the others.
void add_finished(Connection& connection, std::int64_t sweep, const Rung& rung) {
  Statement(connection, fmt::format(R"(
    INSERT INTO rungs (sweep, point, epoch, value, kept)
    SELECT ?1, p.id, ?2, (SELECT {}(value) FROM metrics WHERE run = p.run AND name = ?3 AND epoch BETWEEN 1 AND ?2), 1
    FROM points p
    WHERE p.id IN (SELECT point FROM sweep_points WHERE sweep = ?1) AND p.status = 'finished'
    ON CONFLICT DO NOTHING)",
                                    best_of(rung.maximize)))
      .bind(sweep, rung.epoch, rung.metric)
      .run();
}

std::optional<double> own_value(Connection& connection, std::int64_t point, const Rung& rung) {
  Statement select(connection, fmt::format(R"(
    SELECT (SELECT {}(value) FROM metrics WHERE run = r.id AND name = ?3 AND epoch BETWEEN 1 AND ?2)
    FROM points p JOIN runs r ON r.identity = p.identity AND r.id > p.newer_than AND r.removed IS NULL
    WHERE p.id = ?1 AND r.epochs >= ?2 ORDER BY r.id DESC LIMIT 1)",
                                           best_of(rung.maximize)));
  if (!select.bind(point, rung.epoch, rung.metric).step()) return std::nullopt;
  const Value value = select.value(0);
  const auto* real = std::get_if<double>(&value);
  return real ? std::optional(*real) : std::nullopt;
}

std::optional<Judgement> earlier_judgement(Connection& connection, std::int64_t sweep, std::int64_t point,
                                           const Rung& rung) {
  Statement before(connection,
                   "SELECT kept, coalesce(value, 0) FROM rungs WHERE sweep = ? AND point = ? AND epoch = ?");
  if (!before.bind(sweep, point, rung.epoch).step()) return std::nullopt;
  return Judgement{.kept = before.integer(0) != 0, .value = before.real(1), .others = 0};
}

}  // namespace

std::optional<Judgement> judge_point(Connection& connection, std::int64_t sweep, std::int64_t point, const Rung& rung,
                                     const GoesOn& goes_on) {
  // Asked several times a second of each worker, most of which are far from their rung: a look takes no write lock.
  if (const auto judged = earlier_judgement(connection, sweep, point, rung)) return judged;
  if (!own_value(connection, point, rung)) return std::nullopt;
  Transaction transaction(connection);
  if (const auto judged = earlier_judgement(connection, sweep, point, rung)) return judged;
  const std::optional<double> own = own_value(connection, point, rung);
  if (!own) return std::nullopt;
  add_finished(connection, sweep, rung);
  std::vector<double> others;
  Statement select(connection,
                   "SELECT value FROM rungs WHERE sweep = ? AND epoch = ? AND point <> ? AND value IS NOT NULL");
  select.bind(sweep, rung.epoch, point);
  while (select.step()) others.push_back(select.real(0));
  const bool kept = goes_on(*own, others);
  Statement(connection, "INSERT INTO rungs (sweep, point, epoch, value, kept) VALUES (?, ?, ?, ?, ?)")
      .bind(sweep, point, rung.epoch, *own, int{kept})
      .run();
  transaction.commit();
  return Judgement{.kept = kept, .value = *own, .others = others.size()};
}

bool promote_point(Connection& connection, std::int64_t sweep, const std::vector<Rung>& rungs,
                   const std::function<std::size_t(std::size_t)>& places) {
  Transaction transaction(connection);
  for (const Rung& rung : rungs) {
    std::int64_t best_waiting = 0;
    {
      Statement count(connection, "SELECT count(*) FROM rungs WHERE sweep = ? AND epoch = ? AND value IS NOT NULL");
      count.bind(sweep, rung.epoch).step();
      // Of equals the one that was declared first: the order of arrival is chance.
      Statement select(connection, fmt::format(R"(
        SELECT point FROM (
          SELECT r.point, r.kept, row_number() OVER (ORDER BY r.value {}, r.point) AS place
          FROM rungs r WHERE r.sweep = ?1 AND r.epoch = ?2 AND r.value IS NOT NULL)
        WHERE kept = 0 AND place <= ?3 ORDER BY place LIMIT 1)",
                                               rung.maximize ? "DESC" : "ASC"));
      const std::size_t most = places(static_cast<std::size_t>(count.integer(0)));
      if (select.bind(sweep, rung.epoch, static_cast<std::int64_t>(most)).step()) best_waiting = select.integer(0);
    }
    if (best_waiting == 0) continue;
    Statement(connection, "UPDATE rungs SET kept = 1 WHERE sweep = ? AND epoch = ? AND point = ?")
        .bind(sweep, rung.epoch, best_waiting)
        .run();
    transaction.commit();
    return true;
  }
  return false;
}

std::vector<SearchedPoint> searched_points(Connection& connection, std::int64_t sweep, const std::string& metric) {
  Statement select(connection, R"(
    SELECT s.position, p.identity, coalesce(s.coordinates, '[]'), p.status,
           CASE WHEN p.status = 'finished' THEN (SELECT value FROM results WHERE run = p.run AND name = ?2)
                ELSE (SELECT value FROM rungs WHERE sweep = ?1 AND point = p.id ORDER BY epoch DESC LIMIT 1) END,
           CASE WHEN p.status = 'finished' THEN (SELECT epochs FROM runs WHERE id = p.run)
                ELSE (SELECT max(epoch) FROM rungs WHERE sweep = ?1 AND point = p.id) END
    FROM sweep_points s JOIN points p ON p.id = s.point WHERE s.sweep = ?1 ORDER BY s.position)");
  select.bind(sweep, metric);
  std::vector<SearchedPoint> points;
  while (select.step()) {
    const Value value = select.value(4);
    const auto* real = std::get_if<double>(&value);
    points.push_back({.position = select.integer(0),
                      .identity = select.text(1),
                      .coordinates = select.text(2),
                      .status = point_status_of(select.text(3)),
                      .value = real ? std::optional(*real) : std::nullopt,
                      .epochs = select.integer(5)});
  }
  return points;
}

void prune_judged(Connection& connection, std::int64_t sweep) {
  Statement(connection, R"(
    UPDATE points SET status = 'pruned', reason = coalesce(reason,
      (SELECT printf('epoch %d: %.4f, judged before a restart', epoch, value) FROM rungs
       WHERE sweep = ?1 AND point = points.id AND kept = 0 ORDER BY epoch LIMIT 1))
    WHERE id IN (SELECT point FROM rungs WHERE sweep = ?1 AND kept = 0) AND (
      status IN ('waiting', 'interrupted') OR (status = 'running' AND rxrun_lapsed(host, boot_id, pid_namespace, pid,
        process_start, (julianday('now') - julianday(heartbeat)) * 1440))))")
      .bind(sweep)
      .run();
}

}  // namespace rxrun
