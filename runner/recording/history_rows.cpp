// All rows of a run as one value, and back.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/reading.h"
#include "recording/record_file.h"
#include "recording/run_folder.h"
#include "recording/run_rows.h"

namespace rxrun {
namespace {

std::string text_at(const Value& value) { return std::holds_alternative<std::monostate>(value) ? "" : text_in(value); }

double real_at(const Value& value) {
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  return std::nan("");
}

// As it was before it became a typed cell: "32", "1e-4"; a real in the fewest digits that read back to it.
std::string text_of_cell(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  return fmt::format("{}", real_at(value));
}

std::uint64_t seed_in(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<std::uint64_t>(*integer);
  const std::string& text = text_in(value);
  std::uint64_t seed = 0;
  std::from_chars(text.data(), text.data() + text.size(), seed);
  return seed;
}

std::string experiment_of(Connection& connection, std::int64_t run) {
  const Table found =
      fetch(connection, "SELECT x.name FROM runs r JOIN experiments x ON x.id = r.experiment WHERE r.id = ?", {run});
  if (found.rows.empty())
    throw Error(
        Failure::usage,
        fmt::format("{} is damaged: the experiment of run {} is not in it", printable(connection.path().string()), run),
        fmt::format("`rxrun export RUN... --results {} --to FOLDER` copies the others",
                    printable(connection.path().parent_path().string())));
  return text_in(found.rows[0][0]);
}

void add_properties(Connection& connection, std::int64_t run, RunRecord& record) {
  constexpr std::string_view kEnvironment = "environment.";
  for (const auto& row :
       fetch(connection, "SELECT name, value FROM properties WHERE run = ? ORDER BY name", {run}).rows) {
    const std::string& name = text_in(row[0]);
    if (name.starts_with(kEnvironment))
      record.environment.emplace_back(name.substr(kEnvironment.size()), text_of_cell(row[1]));
    else if (name == "parameters")
      record.parameters = integer_in(row[1]);
    else if (name == "multiply_adds")
      record.multiply_adds = integer_in(row[1]);
    else if (name == "skipped_images")
      record.skipped_images = integer_in(row[1]);
  }
}

std::vector<SplitRecord> split_of(Connection& connection, std::int64_t run) {
  std::vector<SplitRecord> split;
  Statement select(connection,
                   "SELECT s.sample, s.label, s.group_name, s.part FROM runs r JOIN splits s ON s.run = r.split_run"
                   " WHERE r.id = ? ORDER BY s.position");
  select.bind(run);
  while (select.step()) split.push_back({select.text(0), select.integer(1), select.text(2), select.text(3)});
  return split;
}

std::vector<EpochRecord> epochs_of(Connection& connection, std::int64_t run) {
  std::map<std::int64_t, std::map<std::string, double>> metrics;
  for (const auto& row : fetch(connection, "SELECT epoch, name, value FROM metrics WHERE run = ?", {run}).rows)
    metrics[integer_in(row[0])][text_in(row[1])] = real_at(row[2]);
  std::vector<EpochRecord> epochs;
  for (const auto& row :
       fetch(connection,
             "SELECT epoch, seconds, best, written, images_per_second FROM epochs WHERE run = ? ORDER BY epoch", {run})
           .rows) {
    EpochRecord& epoch = epochs.emplace_back(EpochRecord{.epoch = integer_in(row[0]),
                                                         .seconds = real_at(row[1]),
                                                         .best = integer_in(row[2]) != 0,
                                                         .metrics = metrics[integer_in(row[0])],
                                                         .written = text_in(row[3])});
    const auto rate = epoch.metrics.extract("learning_rate");
    epoch.learning_rate = rate ? rate.mapped() : std::nan("");
    epoch.images_per_second = real_at(row[4]);
  }
  return epochs;
}

std::vector<OutputRecord> outputs_of(Connection& connection, std::int64_t evaluation) {
  std::vector<OutputRecord> outputs;
  Statement select(connection,
                   "SELECT position, coalesce(sample, ''), label, predicted, probability, probabilities FROM outputs"
                   " WHERE evaluation = ? ORDER BY position");
  select.bind(evaluation);
  while (select.step())
    outputs.push_back({.position = select.integer(0),
                       .sample = select.text(1),
                       .label = select.integer(2),
                       .predicted = select.integer(3),
                       .probability = real_at(select.value(4)),
                       .probabilities = select.floats(5)});
  return outputs;
}

std::vector<MeasureRecord> measures_of(Connection& connection, std::int64_t evaluation) {
  std::vector<MeasureRecord> measures;
  for (const auto& row : fetch(connection,
                               "SELECT name, value, low, high, method, unit FROM measures WHERE evaluation = ?"
                               " ORDER BY name",
                               {evaluation})
                             .rows) {
    MeasureRecord& measure = measures.emplace_back(
        MeasureRecord{.name = text_in(row[0]), .value = real_at(row[1]), .interval = {}, .unit = text_in(row[5])});
    if (!text_at(row[4]).empty())
      measure.interval = {.low = real_at(row[2]), .high = real_at(row[3]), .method = text_in(row[4])};
  }
  return measures;
}

std::vector<EvaluationRecord> evaluations_of(Connection& connection, std::int64_t run) {
  std::vector<EvaluationRecord> evaluations;
  for (const auto& row : fetch(connection,
                               "SELECT id, part, own, at_end, data, content, weights, preprocessing,"
                               " test_time_augmentation, images, made FROM evaluations WHERE run = ? ORDER BY number",
                               {run})
                             .rows)
    evaluations.push_back({.part = text_in(row[1]),
                           .own = integer_in(row[2]) != 0,
                           .at_end = integer_in(row[3]) != 0,
                           .data = text_in(row[4]),
                           .content = text_at(row[5]),
                           .weights = text_in(row[6]),
                           .preprocessing = text_in(row[7]),
                           .test_time_augmentation = text_in(row[8]),
                           .images = integer_in(row[9]),
                           .measures = measures_of(connection, integer_in(row[0])),
                           .outputs = outputs_of(connection, integer_in(row[0])),
                           .made = text_in(row[10])});
  return evaluations;
}

std::vector<std::pair<std::string, std::string>> artifacts_of(Connection& connection, std::int64_t run) {
  std::vector<std::pair<std::string, std::string>> artifacts;
  for (const auto& row :
       fetch(connection, "SELECT file, sha256 FROM artifacts WHERE run = ? ORDER BY file", {run}).rows)
    artifacts.emplace_back(text_in(row[0]), text_in(row[1]));
  return artifacts;
}

void insert_words(Connection& connection, std::int64_t run, const RunWords& words) {
  Statement(connection, "UPDATE runs SET note = nullif(?, ''), removed = nullif(?, '') WHERE id = ?")
      .bind(words.note, words.removed, run)
      .run();
  Statement insert(connection, "INSERT INTO tags (run, tag) VALUES (?, ?) ON CONFLICT DO NOTHING");
  for (const std::string& tag : words.tags) insert.bind(run, tag).run();
}

// The row of `run` as `record` begins it, and nothing beside it but what the user said and its split, which is the
// same.
void begin_anew(Connection& connection, std::int64_t run, const RunRecord& record,
                const std::vector<SplitRecord>& split) {
  for (const char* table :
       {"params", "properties", "epochs", "metrics", "results", "classes", "evaluations", "artifacts"})
    Statement(connection, fmt::format("DELETE FROM {} WHERE run = ?", table)).bind(run).run();
  Statement(connection, R"(
    UPDATE runs SET experiment = ?2, configuration = ?3, checkpoint_key = ?4, file = ?5, command = ?6, resolved = ?7,
                    started = ?8, best_epoch = NULL, seconds = NULL
    WHERE id = ?1)")
      .bind(run, experiment_id(connection, record.experiment), record.configuration, record.checkpoint_key, record.file,
            record.command, record.resolved, record.started)
      .run();
  insert_declared(connection, run, record, split);
}

// What is said here stays; of there only the tags are new.
RunWords both(RunWords here, const RunWords& there) {
  here.tags.insert(here.tags.end(), there.tags.begin(), there.tags.end());
  return here;
}

}  // namespace

RunWords words_of(Connection& connection, std::int64_t run) {
  const Table row = fetch(connection, "SELECT name, note, removed FROM runs WHERE id = ?", {run});
  RunWords words{
      .name = text_in(row.rows.at(0)[0]), .note = text_at(row.rows[0][1]), .removed = text_at(row.rows[0][2])};
  for (const auto& tag : fetch(connection, "SELECT tag FROM tags WHERE run = ? ORDER BY tag", {run}).rows)
    words.tags.push_back(text_in(tag[0]));
  return words;
}

void record_words(Connection& connection, const std::vector<std::int64_t>& runs) {
  const std::filesystem::path results = connection.path().parent_path();
  for (const std::int64_t run : runs) {
    const std::string folder = text_in(fetch(connection, "SELECT folder FROM runs WHERE id = ?", {run}).rows.at(0)[0]);
    if (is_a_runs_folder(folder) && link_in(results, folder).empty() && has_record(results / folder))
      record(results / folder, words_of(connection, run));
  }
}

RunHistory history_of(Connection& connection, std::int64_t run) {
  const Table found = fetch(connection,
                            "SELECT name, file, identity, configuration, checkpoint_key, seed, resolved, command,"
                            " generated_data, content_hash, split_hash, folder, started, status, best_epoch, seconds,"
                            " reason, finished FROM runs WHERE id = ?",
                            {run});
  if (found.rows.empty()) throw Error(Failure::usage, fmt::format("run {} has been deleted in the meantime", run));
  const std::vector<Value>& row = found.rows[0];
  RunHistory history;
  RunRecord& record = history.run;
  record.name = text_in(row[0]);
  record.experiment = experiment_of(connection, run);
  record.file = text_in(row[1]);
  record.identity = text_in(row[2]);
  record.configuration = text_in(row[3]);
  record.checkpoint_key = text_in(row[4]);
  record.seed = seed_in(row[5]);
  record.resolved = text_in(row[6]);
  record.command = text_in(row[7]);
  record.generated_data = integer_in(row[8]) != 0;
  record.content_hash = text_in(row[9]);
  record.split_hash = text_in(row[10]);
  record.folder = text_in(row[11]);
  record.started = text_in(row[12]);
  for (const auto& param : fetch(connection, "SELECT name, value FROM params WHERE run = ? ORDER BY name", {run}).rows)
    record.params.emplace_back(text_in(param[0]), text_of_cell(param[1]));
  for (const auto& name :
       fetch(connection, "SELECT name FROM classes WHERE run = ? AND part = 'train' ORDER BY position", {run}).rows)
    record.classes.push_back(text_in(name[0]));
  add_properties(connection, run, record);
  history.split = split_of(connection, run);
  history.epochs = epochs_of(connection, run);
  history.evaluations = evaluations_of(connection, run);
  if (const RunStatus status = status_of(text_in(row[13])); status != RunStatus::running)
    history.end = RunEnd{.status = status,
                         .best_epoch = std::holds_alternative<std::monostate>(row[14]) ? 0 : integer_in(row[14]),
                         .seconds = std::holds_alternative<std::monostate>(row[15]) ? 0.0 : real_at(row[15]),
                         .evaluations = {},
                         .artifacts = artifacts_of(connection, run),
                         .reason = text_at(row[16]),
                         .at = text_at(row[17])};
  history.words = words_of(connection, run);
  return history;
}

std::int64_t insert_history(Connection& connection, const RunHistory& history, std::int64_t replaced) {
  std::int64_t run = replaced;
  if (replaced != 0)
    begin_anew(connection, run, history.run, history.split);
  else
    run = insert_run(connection, history.run, history.split, ProcessIdentity{});
  for (const EpochRecord& epoch : history.epochs) insert_epoch(connection, run, epoch);
  update_progress(connection, run);
  end_run(connection, run,
          history.end.value_or(
              RunEnd{.status = RunStatus::interrupted, .reason = "its record has no end: it was cut off"}));
  for (const EvaluationRecord& evaluation : history.evaluations) insert_evaluation(connection, run, evaluation);
  insert_words(connection, run, replaced == 0 ? history.words : both(words_of(connection, run), history.words));
  return run;
}

}  // namespace rxrun
