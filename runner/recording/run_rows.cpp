#include "recording/run_rows.h"

#include <fmt/format.h>

#include <limits>
#include <map>

#include "experiment/read.h"
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

void insert_split(Connection& connection, std::int64_t run, const std::string& hash,
                  const std::vector<SplitRecord>& split) {
  std::int64_t holder = run;
  {
    // The hash only finds the candidate; the rows decide.
    Statement candidate(connection, "SELECT max(split_run) FROM runs WHERE split_hash = ? AND id <> ?");
    candidate.bind(hash, run).step();
    const std::int64_t earlier = candidate.integer(0);
    if (earlier > 0 && holds_split(connection, earlier, split)) holder = earlier;
  }
  if (holder == run) {
    Statement insert(connection,
                     "INSERT INTO splits (run, position, sample, label, group_name, part) VALUES (?, ?, ?, ?, ?, ?)");
    std::int64_t position = 0;
    for (const SplitRecord& row : split) insert.bind(run, position++, row.sample, row.label, row.group, row.part).run();
  }
  Statement(connection, "UPDATE runs SET split_run = ? WHERE id = ?").bind(holder, run).run();
}

void insert_classes(Connection& connection, std::int64_t run, const std::vector<std::string>& classes,
                    const std::vector<SplitRecord>& split) {
  std::map<std::string, std::vector<std::int64_t>> images;
  for (const char* part : {"train", "validation", "test"}) images[part].assign(classes.size(), 0);
  for (const SplitRecord& row : split)
    if (const auto label = static_cast<std::size_t>(row.label); label < classes.size()) {
      auto& counts = images[row.part];
      counts.resize(classes.size());
      ++counts[label];
    }
  Statement insert(connection, "INSERT INTO classes (run, part, position, name, images) VALUES (?, ?, ?, ?, ?)");
  for (const auto& [part, counts] : images)
    for (std::size_t i = 0; i < classes.size(); ++i)
      insert.bind(run, part, static_cast<std::int64_t>(i), classes[i], counts[i]).run();
}

void insert_params(Connection& connection, std::int64_t run, const RunRecord& record) {
  Statement param(connection, "INSERT OR REPLACE INTO params (run, name, value) VALUES (?, ?, ?)");
  for (const auto& [name, value] : record.params) param.bind(run, name, typed(value)).run();
  insert_choices(connection, run, record.resolved);
}

void insert_properties(Connection& connection, std::int64_t run, const RunRecord& record) {
  Statement property(connection, "INSERT OR REPLACE INTO properties (run, name, value) VALUES (?, ?, ?)");
  property.bind(run, "parameters", record.parameters).run();
  property.bind(run, "multiply_adds", record.multiply_adds).run();
  property.bind(run, "skipped_images", record.skipped_images).run();
  for (const auto& [name, value] : record.environment) property.bind(run, "environment." + name, value).run();
}

void insert_artifacts(Connection& connection, std::int64_t run,
                      const std::vector<std::pair<std::string, std::string>>& artifacts) {
  Statement(connection, "DELETE FROM artifacts WHERE run = ?").bind(run).run();
  Statement insert(connection, "INSERT OR REPLACE INTO artifacts (run, file, sha256) VALUES (?, ?, ?)");
  for (const auto& [file, sha256] : artifacts) insert.bind(run, file, sha256).run();
}

// What the run stands at: its kept epoch, the mean speed and, once it has finished, the newest look at its own test
// part with the weights that it kept.
void derive_results(Connection& connection, std::int64_t run) {
  Statement(connection, "DELETE FROM results WHERE run = ?").bind(run).run();
  Statement(connection, R"(
    INSERT INTO results (run, name, value)
    SELECT run, name, value FROM metrics
    WHERE run = ?1 AND epoch = (SELECT best_epoch FROM runs WHERE id = ?1))")
      .bind(run)
      .run();
  Statement(connection, R"(
    INSERT INTO results (run, name, value)
    SELECT run, 'images_per_second', avg(images_per_second) FROM epochs WHERE run = ?1 GROUP BY run)")
      .bind(run)
      .run();
  Statement(connection, R"(
    INSERT OR REPLACE INTO results (run, name, value)
    SELECT ?1, 'test_' || name, value FROM measures
    WHERE evaluation = (SELECT max(e.id) FROM evaluations e JOIN runs r ON r.id = e.run
                        WHERE e.run = ?1 AND e.part = 'test' AND e.own = 1 AND r.status = 'finished'
                          AND e.weights = coalesce((SELECT sha256 FROM artifacts
                                                    WHERE run = ?1 AND file LIKE '%/best.safetensors'), e.weights)))")
      .bind(run)
      .run();
}

void insert_outputs(Connection& connection, std::int64_t evaluation, const std::vector<OutputRecord>& outputs) {
  Statement insert(connection,
                   "INSERT INTO outputs (evaluation, position, sample, label, predicted, probability, probabilities)"
                   " VALUES (?, ?, nullif(?, ''), ?, ?, ?, ?)");
  for (const OutputRecord& row : outputs)
    insert.bind(evaluation, row.position, row.sample, row.label, row.predicted, row.probability, row.probabilities)
        .run();
}

void insert_measures(Connection& connection, std::int64_t evaluation, const std::vector<MeasureRecord>& measures) {
  Statement insert(
      connection,
      "INSERT INTO measures (evaluation, name, value, low, high, method, unit) VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const MeasureRecord& measure : measures) {
    const auto& interval = measure.interval;
    insert
        .bind(evaluation, measure.name, measure.value, interval ? Value(interval->low) : Value(),
              interval ? Value(interval->high) : Value(), interval ? Value(interval->method) : Value(), measure.unit)
        .run();
  }
}

// Evaluations of rxrun 0.1 knew no content: those of the same split of the same images were of this.
void tell_older_looks(Connection& connection, std::int64_t run, const std::string& content) {
  Statement(connection, R"(
    UPDATE evaluations SET content = ?2
    WHERE content IS NULL AND part = 'test' AND own = 1 AND run IN (
      SELECT o.id FROM runs r JOIN runs o ON o.split_hash = r.split_hash AND o.content_hash = r.content_hash
      WHERE r.id = ?1))")
      .bind(run, content)
      .run();
}

}  // namespace

std::int64_t experiment_id(Connection& connection, const std::string& name) {
  Statement(connection, "INSERT INTO experiments (name) VALUES (?) ON CONFLICT DO NOTHING").bind(name).run();
  Statement select(connection, "SELECT id FROM experiments WHERE name = ?");
  select.bind(name).step();
  return select.integer(0);
}

std::string first_free(const std::string& wanted, const std::function<bool(const std::string&)>& is_free) {
  std::string candidate = wanted;
  for (int number = 2; !is_free(candidate); ++number) candidate = fmt::format("{}-{}", wanted, number);
  return candidate;
}

void insert_choices(Connection& connection, std::int64_t run, const std::string& resolved) {
  Statement param(connection, "INSERT OR IGNORE INTO params (run, name, value) VALUES (?, ?, ?)");
  for (const auto& [name, value] : choices_in(resolved)) param.bind(run, name, value).run();
}

void insert_declared(Connection& connection, std::int64_t run, const RunRecord& record,
                     const std::vector<SplitRecord>& split) {
  insert_params(connection, run, record);
  insert_properties(connection, run, record);
  insert_classes(connection, run, record.classes, split);
}

std::int64_t insert_run(Connection& connection, const RunRecord& run, const std::vector<SplitRecord>& split,
                        const ProcessIdentity& process) {
  Statement(connection, R"(
    INSERT INTO runs (experiment, name, identity, configuration, checkpoint_key, status, seed, generated_data, file,
                      command, resolved, folder, content_hash, split_hash, started, heartbeat,
                      host, boot_id, pid_namespace, pid, process_start)
    VALUES (?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))")
      .bind(experiment_id(connection, run.experiment), run.name, run.identity, run.configuration,
            run.checkpoint_key.empty() ? run.identity : run.checkpoint_key, seed_value(run.seed),
            int{run.generated_data}, run.file, run.command, run.resolved, run.folder, run.content_hash, run.split_hash,
            run.started, run.started, process.host, process.boot_id, process.pid_namespace, process.pid, process.start)
      .run();
  const std::int64_t id = connection.last_id();
  insert_declared(connection, id, run, split);
  insert_split(connection, id, run.split_hash, split);
  return id;
}

void remove_epochs_from(Connection& connection, std::int64_t run, std::int64_t epoch) {
  Statement(connection, "DELETE FROM metrics WHERE run = ? AND epoch >= ?").bind(run, epoch).run();
  Statement(connection, "DELETE FROM epochs WHERE run = ? AND epoch >= ?").bind(run, epoch).run();
  Statement(connection, "DELETE FROM evaluations WHERE run = ? AND at_end = 1").bind(run).run();
}

void insert_epoch(Connection& connection, std::int64_t run, const EpochRecord& record) {
  remove_epochs_from(connection, run, record.epoch);
  Statement(connection,
            "INSERT INTO epochs (run, epoch, seconds, images_per_second, best, written) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(run, record.epoch, record.seconds, record.images_per_second, int{record.best}, record.written)
      .run();
  Statement insert(connection, "INSERT OR REPLACE INTO metrics (run, epoch, name, value) VALUES (?, ?, ?, ?)");
  for (const auto& [name, value] : record.metrics) insert.bind(run, record.epoch, name, value).run();
  insert.bind(run, record.epoch, "learning_rate", record.learning_rate).run();
}

void update_progress(Connection& connection, std::int64_t run) {
  Statement(connection, fmt::format(R"(
    UPDATE runs SET heartbeat = {},
                    (epochs, best_epoch, seconds) =
      (SELECT count(*), max(epoch) FILTER (WHERE best = 1), sum(seconds) FROM epochs WHERE run = ?1)
    WHERE id = ?1)",
                                    kNow))
      .bind(run)
      .run();
  derive_results(connection, run);
}

std::int64_t insert_evaluation(Connection& connection, std::int64_t run, const EvaluationRecord& evaluation) {
  Statement next(connection, "SELECT coalesce(max(number), 0) + 1 FROM evaluations WHERE run = ?");
  next.bind(run).step();
  const std::int64_t number = next.integer(0);
  Statement(connection, R"(
    INSERT INTO evaluations (run, number, part, own, at_end, data, content, weights, preprocessing,
                             test_time_augmentation, images, made)
    VALUES (?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?))")
      .bind(run, number, evaluation.part, int{evaluation.own}, int{evaluation.at_end}, evaluation.data,
            evaluation.content, evaluation.weights, evaluation.preprocessing, evaluation.test_time_augmentation,
            evaluation.images, evaluation.made)
      .run();
  const std::int64_t id = connection.last_id();
  if (evaluation.own && evaluation.part == "test" && !evaluation.content.empty())
    tell_older_looks(connection, run, evaluation.content);
  insert_outputs(connection, id, evaluation.outputs);
  insert_measures(connection, id, evaluation.measures);
  derive_results(connection, run);
  return number;
}

void end_run(Connection& connection, std::int64_t run, const RunEnd& end) {
  Statement(connection, R"(
    UPDATE runs SET status = ?2, reason = nullif(?3, ''), best_epoch = coalesce(nullif(?4, 0), best_epoch),
                    seconds = max(coalesce(seconds, 0), ?5), finished = nullif(?6, ''),
                    heartbeat = coalesce(nullif(?6, ''), (SELECT max(written) FROM epochs WHERE run = ?1), started)
    WHERE id = ?1)")
      .bind(run, to_string(end.status), end.reason, end.best_epoch, end.seconds, end.at)
      .run();
  insert_artifacts(connection, run, end.artifacts);
  derive_results(connection, run);
}

}  // namespace rxrun
