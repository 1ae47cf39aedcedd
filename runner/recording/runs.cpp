// What the commands ask of results.db: the best runs, one run in full.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "diagnostics/diagnostic.h"
#include "experiment/key.h"
#include "experiment/metric.h"
#include "recording/field.h"
#include "recording/find_run.h"
#include "recording/query.h"
#include "recording/reading.h"

namespace rxrun {
namespace {

// The environment and the sizes of the parts as further columns of the one row of facts.
void add_facts(Table& facts, const std::string& prefix, const Table& pairs) {
  for (const auto& pair : pairs.rows) {
    facts.columns.push_back(prefix + text_in(pair[0]));
    facts.rows[0].push_back(pair[1]);
  }
}

}  // namespace

Table best_runs(const std::filesystem::path& database, const std::string& metric, std::int64_t limit,
                const std::vector<std::string>& where) {
  if (limit < 1) throw Error(Failure::usage, fmt::format("{} runs were requested; expected at least 1", limit));
  const auto connection = open_for_reading(database);
  check_metric(*connection, metric);
  // What the same score is on the test part stands beside, and never ranks by itself.
  constexpr std::string_view kValidation = "validation_";
  const std::string beside = metric.starts_with(kValidation) ? "test_" + metric.substr(kValidation.size()) : "";
  std::string sql = R"(
    SELECT v.run, v.name, v.experiment, v.seed, v.generated_data, m.value,
           (SELECT value FROM results WHERE run = m.run AND name = ?), v.best_epoch, v.epochs, v.parameters,
           v.seconds, v.finished, v.folder, v.content_hash, v.split_hash
    FROM results m CROSS JOIN v_runs v ON v.run = m.run
    WHERE m.name = ? AND m.value IS NOT NULL AND v.status = 'finished')";
  std::vector<Value> parameters = {beside, metric};
  for (const std::string& condition : where) {
    const Clause clause = resolve_condition(*connection, condition);
    sql += " AND " + clause.sql;
    parameters.insert(parameters.end(), clause.parameters.begin(), clause.parameters.end());
  }
  // results_by_name holds the values in order: the first rows end the search.
  sql += larger_is_better(metric) ? " ORDER BY m.value DESC, m.run" : " ORDER BY m.value, m.run";
  sql += " LIMIT ?";
  parameters.emplace_back(limit);
  Table table = fetch(*connection, sql, parameters);
  table.columns[5] = metric;
  table.columns[6] = beside;
  if (beside.empty()) {
    table.columns.erase(table.columns.begin() + 6);
    for (auto& row : table.rows) row.erase(row.begin() + 6);
  }
  as_booleans(table, {"generated_data"});
  return table;
}

Table scored_images(const std::filesystem::path& database, const std::string& metric,
                    const std::vector<std::string>& where) {
  const auto connection = open_for_reading(database);
  std::string conditions;
  std::vector<Value> parameters = {metric};
  for (const std::string& condition : where) {
    const Clause clause = resolve_condition(*connection, condition);
    conditions += " AND " + clause.sql;
    parameters.insert(parameters.end(), clause.parameters.begin(), clause.parameters.end());
  }
  if (!conditions.empty()) conditions = " AND r.id IN (SELECT v.run FROM v_runs v WHERE TRUE" + conditions + ")";
  // Experiments outermost: their runs then come out of runs_finished, which holds the hashes.
  return fetch(*connection,
               fmt::format(R"(
    SELECT iif(r.generated_data, '', r.content_hash) AS content_hash, iif(r.generated_data, '', r.split_hash) AS split_hash,
           count(*) AS runs
    FROM experiments x CROSS JOIN runs r ON r.experiment = x.id
    WHERE r.status = 'finished' AND r.removed IS NULL
      AND r.id IN (SELECT run FROM results WHERE name = ? AND value IS NOT NULL){}
    GROUP BY 1, 2)",
                           conditions),
               parameters);
}

RunDetails show_run(const std::filesystem::path& database, const std::string& run) {
  const auto connection = open_for_reading(database);
  const std::int64_t id = find_run(*connection, run);
  RunDetails details;
  details.facts = fetch(*connection,
                        fmt::format(R"(
    SELECT v.run, v.name, v.experiment, {} AS status, v.reason, v.seed, v.generated_data, v.epochs, v.best_epoch,
           v.validation_accuracy, v.validation_balanced_accuracy, v.validation_auc, v.validation_f1, v.validation_brier,
           v.validation_loss, v.test_accuracy, v.test_balanced_accuracy, v.test_auc, v.test_f1, v.test_brier,
           v.test_loss, v.train_accuracy, v.train_loss, v.parameters, v.multiply_adds, v.images_per_second, v.seconds,
           v.started, v.heartbeat, v.finished, v.skipped_images, v.file, v.folder, r.command, v.identity,
           v.configuration, r.content_hash, r.split_hash, r.host, r.pid
    FROM v_runs v JOIN runs r ON r.id = v.run WHERE v.run = ?)",
                                    kStatusNow),
                        {id});
  as_booleans(details.facts, {"generated_data"});
  add_facts(details.facts, "images.",
            fetch(*connection, "SELECT part, count(*) FROM v_splits WHERE run = ? GROUP BY part ORDER BY part", {id}));
  add_facts(
      details.facts, "environment.",
      fetch(*connection,
            "SELECT substr(name, 13), value FROM properties WHERE run = ? AND name GLOB 'environment.*' ORDER BY name",
            {id}));
  // Against the newest runs of the experiment only: all of them can be many.
  details.params = fetch(*connection, R"(
    WITH others AS (
      SELECT id FROM runs WHERE removed IS NULL AND experiment = (SELECT experiment FROM runs WHERE id = ?1)
      ORDER BY id DESC LIMIT 100)
    SELECT p.name, p.value,
           EXISTS (SELECT 1 FROM others o LEFT JOIN params q ON q.run = o.id AND q.name = p.name
                   WHERE q.value IS NOT p.value) AS varies
    FROM params p WHERE p.run = ?1)",
                         {id});
  const auto names_first_that_vary = [](const auto& a, const auto& b) {
    return std::pair(integer_in(b[2]), text_in(a[0])) < std::pair(integer_in(a[2]), text_in(b[0]));
  };
  for (auto& row : details.params.rows) {
    if (!can_alter_numbers(text_in(row[0]))) row[2] = std::int64_t{0};
    row[1] = parameter_value(std::move(row[1]));
  }
  std::sort(details.params.rows.begin(), details.params.rows.end(), names_first_that_vary);
  as_booleans(details.params, {"varies"});
  details.classes = fetch(*connection, R"(
    SELECT name AS class, max(images) FILTER (WHERE part = 'train') AS train,
           max(images) FILTER (WHERE part = 'validation') AS validation, max(images) FILTER (WHERE part = 'test') AS test
    FROM classes WHERE run = ? GROUP BY position, name ORDER BY position)",
                          {id});
  details.evaluations = fetch(*connection, R"(
    SELECT e.part, iif(e.own, 'its own', e.data) AS data, e.images, m.value AS accuracy, m.low, m.high, e.looks, e.made
    FROM v_evaluations e LEFT JOIN measures m ON m.evaluation = e.evaluation AND m.name = 'accuracy'
    WHERE e.run = ? ORDER BY e.number)",
                              {id});
  details.epochs = fetch(*connection, "SELECT * FROM v_curves WHERE run = ? ORDER BY epoch", {id});
  as_booleans(details.epochs, {"best"});
  return details;
}

}  // namespace rxrun
