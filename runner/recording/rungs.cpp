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

}  // namespace

std::optional<Judgement> judge_point(Connection& connection, std::int64_t sweep, std::int64_t point, const Rung& rung,
                                     const GoesOn& goes_on) {
  Transaction transaction(connection);
  {
    Statement before(connection,
                     "SELECT kept, coalesce(value, 0) FROM rungs WHERE sweep = ? AND point = ? AND epoch = ?");
    if (before.bind(sweep, point, rung.epoch).step())
      return Judgement{.kept = before.integer(0) != 0, .value = before.real(1), .others = 0};
  }
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

void prune_judged(Connection& connection, std::int64_t sweep) {
  Statement(connection, R"(
    UPDATE points SET status = 'pruned', reason = coalesce(reason, 'judged before a restart')
    WHERE id IN (SELECT point FROM rungs WHERE sweep = ? AND kept = 0) AND (
      status IN ('waiting', 'interrupted') OR (status = 'running' AND rxrun_lapsed(host, boot_id, pid_namespace, pid,
        process_start, (julianday('now') - julianday(heartbeat)) * 1440))))")
      .bind(sweep)
      .run();
}

}  // namespace rxrun
