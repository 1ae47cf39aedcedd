#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/evaluate.h"

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/run_report.h"
#include "diagnostics/render.h"
#include "files/files.h"
#include "recording/recorder.h"
#include "run/prepare.h"
#include "run/preprocessing.h"
#include "run/records.h"
#include "run/scored_classes.h"
#include "run/stored_run.h"
#include "training/trainer.h"

namespace rxrun {

namespace {

// Whether it is the run's own; told, or an Error, if not.
bool compare_data(const EvaluateOptions& options, const StoredRun& run, const Experiment& experiment,
                  const Dataset& dataset, Console& console) {
  const std::vector<std::string> changes =
      changes_of_data(options.common.results, run.id, dataset.content_hash, dataset.split_hash);
  if (changes.empty()) return true;
  const std::string told = fmt::format("the data at {}{} is not that of run {}: {}", experiment.data.path.string(),
                                       dataset.generated ? " (generated)" : "", run.id, fmt::join(changes, ", and "));
  if (!options.other_data)
    throw Error(Failure::usage, told,
                "say where its own data is with data.path=PATH, or score this data anyway with --other-data");
  console.warning(told);
  return false;
}

// Other images are prepared as the run's own were, and not by what is measured on them.
struct Prepared {
  Experiment experiment;
  Preprocessing preprocessing;
};

// Folders of others lie in their own way: the run's data.layout is not theirs, unless this command says so.
Prepared as_the_run_saw(const StoredRun& run, const Experiment& experiment, bool other_data) {
  Prepared prepared{.experiment = experiment, .preprocessing = read_preprocessing(run.folder)};
  DataSpec& data = prepared.experiment.data;
  data.channels = prepared.preprocessing.channels;
  const auto layout = data.written.find("layout");
  if (other_data && (layout == data.written.end() || layout->second.file != "command line")) data.layout.clear();
  return prepared;
}

// The data under the run's classes, and what it has no image of told.
std::shared_ptr<const Source> source_to_score(const EvaluateOptions& options, const StoredRun& run,
                                              const Prepared& as_then, Console& console) {
  const std::vector<std::string>& trained = as_then.preprocessing.classes;
  std::shared_ptr<const Source> source = open_source(as_then.experiment.data, as_then.experiment.seed,
                                                     options.other_data ? OpenedTo::score : OpenedTo::train);
  if (options.other_data && !source->listing().layout.empty()) {
    Diagnostic note;
    note.severity = Severity::note;
    note.message = "folders: " + source->listing().layout_in_words;
    console.warnings({&note, 1});
  }
  ScoredClasses scored = with_classes_of(run.id, trained, std::move(source), options.map_classes);
  if (scored.missing.empty()) return scored.source;
  const std::string told = fmt::format("the data has no image of {} of the {} of run {}: {}", scored.missing.size(),
                                       counted(trained.size(), "class"), run.id,
                                       printable(fmt::format("{}", fmt::join(scored.missing, ", "))));
  if (!options.other_data)
    throw Error(Failure::usage, told, "say where its own data is with data.path=PATH, or add --other-data");
  console.warning(told + "; no AUC is measured, and means over classes are over those that it has");
  return scored.source;
}

// Every image, once it is certain that none of them was trained on.
Dataset all_images(const EvaluateOptions& options, const StoredRun& run, const Prepared& as_then,
                   std::shared_ptr<const Source> source, RunObserver& observer) {
  const Experiment& experiment = as_then.experiment;
  Dataset dataset = load_undivided(
      experiment.data, std::move(source), as_then.preprocessing.mean, as_then.preprocessing.deviation,
      static_cast<int>(experiment.machine.threads),
      [&observer](const LoadProgress& progress) { observer.on_reading(progress); },
      image_caching(options.common.results, false));
  observer.on_read();
  if (has_images_of(options.common.results, run.id, dataset.content_hash))
    throw Error(
        Failure::usage,
        fmt::format("--part all is for other images: these are those of run {}, which was trained on some of them",
                    run.id),
        "--part test scores those that it has not seen");
  return dataset;
}

// Divided as the run's own images were.
Dataset divided_images(const EvaluateOptions& options, const StoredRun& run, const Experiment& experiment,
                       std::shared_ptr<const Source> source, RunObserver& observer, const std::atomic<int>* stop) {
  try {
    return read_dataset(experiment, std::move(source), options.common.results, observer, false, stop);
  } catch (const Error& error) {
    if (options.overrides.empty() || error.failure() != Failure::usage) throw;
    std::vector<Diagnostic> all = error.diagnostics();
    Diagnostic note;
    note.severity = Severity::note;
    note.message = fmt::format("how images are divided is fixed by run {}", run.id);
    note.advice = "other images can be scored without being divided: --other-data --part all";
    all.push_back(note);
    throw Error(error.failure(), std::move(all));
  }
}

// That a folder of images for testing is split too is easily overlooked.
void tell_what_is_left_out(Console& console, const EvaluateOptions& options, const Dataset& dataset, Part part) {
  std::size_t all = 0;
  for (const auto& indices : dataset.parts) all += indices.size();
  const std::size_t left = all - dataset.part(part).size();
  if (left == 0) return;
  Diagnostic note;
  note.severity = Severity::note;
  note.message = fmt::format(
      "{} of {} scored, those that the run's split puts into {}; the other {} left out: --part all scores every one",
      dataset.part(part).size(), counted(all, "image"), options.part,
      left == 1 ? "one is" : fmt::format("{} are", left));
  console.warnings({&note, 1});
}

// Returns how often this test part has been scored, if it is one. Where the results cannot be written, what was
// measured is still worth telling.
std::optional<std::int64_t> keep(const std::filesystem::path& results, std::int64_t run, const EvaluationRecord& record,
                                 Console& console) {
  const std::filesystem::path database = results / "results.db";
  try {
    record_evaluation(database, run, record);
  } catch (const Error& error) {
    console.warning(fmt::format("this evaluation could not be recorded: {}", error.what()));
    return std::nullopt;
  }
  if (record.part != "test") return std::nullopt;
  const std::int64_t looks = looks_at_test(database, record.content);
  Diagnostic note;
  note.severity = Severity::note;
  note.message = looks_in_words(looks);
  console.warnings({&note, 1});
  return looks;
}

Table as_table(const StoredRun& run, const EvaluationRecord& record, std::optional<std::int64_t> looks) {
  Table table{.columns = {"run", "part", "images"}, .rows = {{run.name, record.part, record.images}}};
  const auto add = [&table](const std::string& name, Value value) {
    table.columns.push_back(name);
    table.rows[0].push_back(std::move(value));
  };
  for (const MeasureRecord& measure : record.measures) {
    add(measure.name, measure.value);
    if (!measure.interval) continue;
    add(measure.name + "_low", measure.interval->low);
    add(measure.name + "_high", measure.interval->high);
  }
  add("looks", looks ? Value(*looks) : Value());
  return table;
}

}  // namespace

Table evaluate_run(const EvaluateOptions& options, Console& console, const std::atomic<int>* stop) {
  const bool all = options.part == "all";
  if (all && !options.other_data)
    throw Error(Failure::usage, "--part all is for images that the run was not trained on",
                "give them with data.path=PATH --other-data");
  if (!options.map_classes.empty() && !options.other_data)
    throw Error(Failure::usage, "--map-classes is for images of others: the run's own have its classes",
                "give them with data.path=PATH --other-data");
  RunReporter reporter(console, options.common.results);
  const StoredRun run = find_stored_run(options.common.results, options.run);
  const CheckedExperiment checked = stored_experiment(run, options.overrides, Overridable::scored_data);
  const Prepared as_then = as_the_run_saw(run, checked.experiment(), options.other_data);
  const Experiment& experiment = as_then.experiment;
  set_up(experiment, reporter);

  std::shared_ptr<const Source> source = source_to_score(options, run, as_then, console);
  const std::size_t classes = as_then.preprocessing.classes.size();
  Network network = build_network(
      checked.network, {as_then.preprocessing.channels, experiment.data.image_size, experiment.data.image_size},
      static_cast<std::int64_t>(classes));
  Dataset dataset = all ? all_images(options, run, as_then, std::move(source), reporter)
                        : divided_images(options, run, experiment, std::move(source), reporter, stop);
  console.warnings(dataset.warnings);
  warn_if_generated(console, experiment, dataset);
  const bool own = !all && compare_data(options, run, experiment, dataset, console);
  dataset.mean = as_then.preprocessing.mean;
  dataset.deviation = as_then.preprocessing.deviation;
  const Part part = options.part == "train"        ? Part::train
                    : options.part == "validation" ? Part::validation
                                                   : Part::test;
  if (options.other_data && !all) tell_what_is_left_out(console, options, dataset, part);

  const std::vector<std::int64_t> trained_on =
      trained_class_counts(options.common.results, run.id, classes, experiment.training.loss);
  const Predictions predictions = evaluate(network, dataset, experiment, run.best_weights(), trained_on, part, stop);
  const EvaluationRecord record = evaluation_of({.dataset = dataset,
                                                 .part = part,
                                                 .predictions = predictions,
                                                 .part_name = options.part,
                                                 .own = own,
                                                 .at_end = false,
                                                 .data = experiment.data.path.string(),
                                                 .weights = sha256_of_file(run.best_weights()),
                                                 .test_time_augmentation = experiment.training.test_time_augmentation});
  return as_table(run, record, keep(options.common.results, run.id, record, console));
}

int run_evaluate(const EvaluateOptions& options) {
  Console console(options.common);
  std::cout << render(evaluate_run(options, console), options.common.format);
  return 0;
}

}  // namespace rxrun
