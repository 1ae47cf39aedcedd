#include "history_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "recording/field.h"

namespace rxrun::testing {
namespace {

class Lines {
 public:
  template <typename... Values>
  void add(const char* what, const Values&... values) {
    text_ += what;
    ((text_ += fmt::format(" [{}]", values)), ...);
    text_ += '\n';
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

void add_run(Lines& lines, const RunRecord& run) {
  lines.add("run", run.name, run.experiment, run.file, run.identity, run.configuration, run.checkpoint_key, run.seed,
            run.resolved, run.command, run.generated_data, run.folder, run.started);
  for (const auto& [name, value] : run.params) lines.add("parameter", name, value);
  lines.add("data", run.content_hash, run.split_hash, run.classes, run.skipped_images);
  lines.add("network", run.parameters, run.multiply_adds);
  for (const auto& [name, value] : run.environment) lines.add("environment", name, value);
}

void add_epoch(Lines& lines, const EpochRecord& epoch) {
  lines.add("epoch", epoch.epoch, epoch.learning_rate, epoch.seconds, epoch.images_per_second, epoch.best,
            epoch.written);
  for (const auto& [name, value] : epoch.metrics) lines.add("  metric", name, value);
}

void add_evaluation(Lines& lines, const EvaluationRecord& evaluation) {
  lines.add("evaluation", evaluation.part, evaluation.own, evaluation.at_end, evaluation.data, evaluation.content,
            evaluation.weights, evaluation.preprocessing, evaluation.test_time_augmentation, evaluation.images,
            evaluation.made);
  for (const MeasureRecord& measure : evaluation.measures) {
    lines.add("  measure", measure.name, measure.value, measure.unit);
    if (measure.interval)
      lines.add("    interval", measure.interval->low, measure.interval->high, measure.interval->method);
  }
  for (const OutputRecord& row : evaluation.outputs)
    lines.add("  output", row.position, row.sample, row.label, row.predicted, row.probability, row.probabilities);
}

}  // namespace

std::string text_of(const RunHistory& history) {
  Lines lines;
  add_run(lines, history.run);
  for (const SplitRecord& row : history.split) lines.add("split", row.sample, row.label, row.group, row.part);
  for (const EpochRecord& epoch : history.epochs) add_epoch(lines, epoch);
  for (const EvaluationRecord& evaluation : history.evaluations) add_evaluation(lines, evaluation);
  if (history.end) {
    const RunEnd& end = *history.end;
    lines.add("end", to_string(end.status), end.best_epoch, end.seconds, end.reason, end.at);
    for (const auto& [file, sha256] : end.artifacts) lines.add("  artifact", file, sha256);
  }
  lines.add("words", history.words.name, history.words.tags, history.words.note, history.words.removed);
  return std::move(lines).text();
}

std::string text_in_common(RunHistory history) {
  if (history.words.name.empty()) history.words.name = history.run.name;
  history.run.name = history.words.name;
  history.run.folder.clear();
  std::sort(history.run.params.begin(), history.run.params.end());
  std::sort(history.run.environment.begin(), history.run.environment.end());
  for (auto& [name, value] : history.run.params)
    if (const Value cell = typed(value); const auto* real = std::get_if<double>(&cell))
      value = fmt::format("{}", *real);
  return text_of(history);
}

}  // namespace rxrun::testing
