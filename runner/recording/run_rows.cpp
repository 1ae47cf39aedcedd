#include "recording/run_rows.h"

#include <fmt/format.h>

#include <limits>

#include "recording/field.h"

namespace rxrun {
namespace {

Value seed_value(std::uint64_t seed) {
  if (seed <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return static_cast<std::int64_t>(seed);
  return std::to_string(seed);
}

bool holds_split(Connection& connection, std::int64_t run, const std::vector<SplitRecord>& split) {
  Statement select(connection, "SELECT sample, label, group_name, part FROM splits WHERE run = ? ORDER BY position");
  select.bind(run);
  for (const SplitRecord& row : split) {
    if (!select.step()) return false;
    if (select.text(0) != row.sample || select.integer(1) != row.label || select.text(2) != row.group ||
        select.text(3) != row.part)
      return false;
  }
  return !select.step();
}

void insert_metrics(Connection& connection, std::int64_t run, std::int64_t epoch,
                    const std::map<std::string, double>& metrics) {
  Statement insert(connection, "INSERT OR REPLACE INTO metrics (run, epoch, name, value) VALUES (?, ?, ?, ?)");
  for (const auto& [name, value] : metrics) insert.bind(run, epoch, name, value).run();
}

// The figures of one epoch into the run's row of `results`; without that epoch they become NULL. test_* stay.
void keep_epoch(Connection& connection, std::int64_t run, std::int64_t epoch) {
  Statement(connection, R"(
    INSERT INTO results (run, train_accuracy, train_loss, validation_accuracy, validation_balanced_accuracy, validation_auc, validation_f1,
                         validation_brier, validation_loss)
    SELECT ?1,
           max(value) FILTER (WHERE name = 'train_accuracy'),
           max(value) FILTER (WHERE name = 'train_loss'),
           max(value) FILTER (WHERE name = 'validation_accuracy'),
           max(value) FILTER (WHERE name = 'validation_balanced_accuracy'),
           max(value) FILTER (WHERE name = 'validation_auc'),
           max(value) FILTER (WHERE name = 'validation_f1'),
           max(value) FILTER (WHERE name = 'validation_brier'),
           max(value) FILTER (WHERE name = 'validation_loss')
    FROM metrics WHERE run = ?1 AND epoch = ?2
    ON CONFLICT (run) DO UPDATE SET
      train_accuracy = excluded.train_accuracy,
      train_loss = excluded.train_loss,
      validation_accuracy = excluded.validation_accuracy,
      validation_balanced_accuracy = excluded.validation_balanced_accuracy,
      validation_auc = excluded.validation_auc,
      validation_f1 = excluded.validation_f1,
      validation_brier = excluded.validation_brier,
      validation_loss = excluded.validation_loss)")
      .bind(run, epoch)
      .run();
}

void keep_test(Connection& connection, std::int64_t run) {
  Statement(connection, R"(
    UPDATE results SET (test_accuracy, test_balanced_accuracy, test_auc, test_f1,
                        test_brier, test_loss) =
      (SELECT max(value) FILTER (WHERE name = 'test_accuracy'),
              max(value) FILTER (WHERE name = 'test_balanced_accuracy'),
              max(value) FILTER (WHERE name = 'test_auc'),
              max(value) FILTER (WHERE name = 'test_f1'),
              max(value) FILTER (WHERE name = 'test_brier'),
              max(value) FILTER (WHERE name = 'test_loss')
       FROM metrics WHERE run = ?1 AND epoch = 0)
    WHERE run = ?1)")
      .bind(run)
      .run();
}

void insert_predictions(Connection& connection, std::int64_t run, const std::vector<PredictionRecord>& predictions) {
  Statement(connection, "DELETE FROM predictions WHERE run = ?").bind(run).run();
  Statement insert(
      connection,
      "INSERT INTO predictions (run, position, sample, label, predicted, probability) VALUES (?, ?, ?, ?, ?, ?)");
  std::int64_t position = 0;
  for (const PredictionRecord& row : predictions)
    insert.bind(run, position++, row.sample, row.label, row.predicted, row.probability).run();
}

void insert_artifacts(Connection& connection, std::int64_t run,
                      const std::vector<std::pair<std::string, std::string>>& artifacts) {
  Statement(connection, "DELETE FROM artifacts WHERE run = ?").bind(run).run();
  Statement insert(connection, "INSERT OR REPLACE INTO artifacts (run, file, sha256) VALUES (?, ?, ?)");
  for (const auto& [file, sha256] : artifacts) insert.bind(run, file, sha256).run();
}

std::int64_t best_epoch(Connection& connection, std::int64_t run) {
  Statement select(connection, "SELECT best_epoch FROM runs WHERE id = ?");
  select.bind(run).step();
  return select.integer(0);
}

}  // namespace

std::string first_free(const std::string& wanted, const std::function<bool(const std::string&)>& is_free) {
  std::string candidate = wanted;
  for (int number = 2; !is_free(candidate); ++number) candidate = fmt::format("{}-{}", wanted, number);
  return candidate;
}

std::int64_t experiment_id(Connection& connection, const std::string& name) {
  Statement(connection, "INSERT INTO experiments (name) VALUES (?) ON CONFLICT DO NOTHING").bind(name).run();
  Statement select(connection, "SELECT id FROM experiments WHERE name = ?");
  select.bind(name).step();
  return select.integer(0);
}

std::int64_t insert_run(Connection& connection, const RunRecord& run, const ProcessIdentity& process) {
  Statement(connection, fmt::format(R"(
    INSERT INTO runs (experiment, name, identity, configuration, status, seed, generated_data, file, command, resolved,
                      folder, content_hash, split_hash, skipped_images, parameters, multiply_adds, started, heartbeat,
                      host, boot_id, pid_namespace, pid, process_start)
    VALUES (?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
            {0}, {0}, ?, ?, ?, ?, ?))",
                                    kNow))
      .bind(experiment_id(connection, run.experiment), run.name, run.identity, run.configuration, seed_value(run.seed),
            int{run.generated_data}, run.file, run.command, run.resolved, run.folder, run.content_hash, run.split_hash,
            run.skipped_images, run.parameters, run.multiply_adds, process.host, process.boot_id, process.pid_namespace,
            process.pid, process.start)
      .run();
  const std::int64_t id = connection.last_id();
  Statement param(connection, "INSERT OR REPLACE INTO params (run, name, value) VALUES (?, ?, ?)");
  for (const auto& [name, value] : run.params) param.bind(id, name, typed(value)).run();
  Statement environment(connection, "INSERT OR REPLACE INTO environment (run, name, value) VALUES (?, ?, ?)");
  for (const auto& [name, value] : run.environment) environment.bind(id, name, value).run();
  return id;
}

void insert_split(Connection& connection, std::int64_t run, const std::string& hash,
                  const std::vector<SplitRecord>& split) {
  std::int64_t holder = run;
  {
    // The hash only finds the candidate; the rows decide.
    Statement candidate(connection, "SELECT max(split_run) FROM runs WHERE split_hash = ? AND id <> ?");
    candidate.bind(hash, run).step();
    const std::int64_t earlier = candidate.integer(0);
    if (earlier != 0 && holds_split(connection, earlier, split)) holder = earlier;
  }
  if (holder == run) {
    Statement insert(connection,
                     "INSERT INTO splits (run, position, sample, label, group_name, part) VALUES (?, ?, ?, ?, ?, ?)");
    std::int64_t position = 0;
    for (const SplitRecord& row : split) insert.bind(run, position++, row.sample, row.label, row.group, row.part).run();
  }
  Statement(connection, "UPDATE runs SET split_run = ? WHERE id = ?").bind(holder, run).run();
}

void remove_epochs_from(Connection& connection, std::int64_t run, std::int64_t epoch) {
  Statement(connection, "DELETE FROM metrics WHERE run = ? AND epoch = 0").bind(run).run();
  Statement(connection, "DELETE FROM metrics WHERE run = ? AND epoch >= ?").bind(run, epoch).run();
  Statement(connection, "DELETE FROM epochs WHERE run = ? AND epoch >= ?").bind(run, epoch).run();
}

void insert_epoch(Connection& connection, std::int64_t run, const EpochRecord& record) {
  remove_epochs_from(connection, run, record.epoch);
  Statement(connection,
            fmt::format("INSERT INTO epochs (run, epoch, learning_rate, seconds, images_per_second, best, checkpoint,"
                        " written) VALUES (?, ?, ?, ?, ?, ?, nullif(?, ''), {})",
                        kNow))
      .bind(run, record.epoch, record.learning_rate, record.seconds, record.images_per_second, int{record.best},
            record.checkpoint)
      .run();
  insert_metrics(connection, run, record.epoch, record.metrics);
}

void update_progress(Connection& connection, std::int64_t run) {
  Statement(connection, fmt::format(R"(
    UPDATE runs SET heartbeat = {},
                    (epochs, best_epoch, images_per_second, seconds) =
      (SELECT count(*), max(epoch) FILTER (WHERE best = 1), avg(images_per_second), sum(seconds)
       FROM epochs WHERE run = ?1)
    WHERE id = ?1)",
                                    kNow))
      .bind(run)
      .run();
  keep_epoch(connection, run, best_epoch(connection, run));
  keep_test(connection, run);
}

void end_run(Connection& connection, std::int64_t run, const Recorder::End& end) {
  Statement(connection, fmt::format(R"(
    UPDATE runs SET status = ?2, reason = nullif(?3, ''), best_epoch = coalesce(nullif(?4, 0), best_epoch),
                    seconds = max(coalesce(seconds, 0), ?5),
                    heartbeat = {0}, finished = {0}
    WHERE id = ?1)",
                                    kNow))
      .bind(run, to_string(end.status), end.reason, end.best_epoch, end.seconds)
      .run();
  insert_artifacts(connection, run, end.artifacts);
  insert_predictions(connection, run, end.predictions);
  const std::int64_t best = best_epoch(connection, run);
  Statement(connection,
            "INSERT OR REPLACE INTO metrics (run, epoch, name, value) SELECT run, 0, name, value FROM metrics"
            " WHERE run = ? AND epoch = nullif(?, 0)")
      .bind(run, best)
      .run();
  insert_metrics(connection, run, 0, end.metrics);
  keep_epoch(connection, run, 0);
  keep_test(connection, run);
}

}  // namespace rxrun
