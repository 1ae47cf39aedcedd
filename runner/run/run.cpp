#include "run/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "data/split.h"
#include "files/files.h"
#include "files/folder_lock.h"
#include "network/current_layer.h"
#include "recording/run_folder.h"
#include "run/prepare.h"
#include "run/preprocessing.h"
#include "run/recorded.h"
#include "run/recording_observer.h"
#include "run/records.h"
#include "run/stored_run.h"
#include "training/check_training.h"

namespace rxrun {
namespace {

// While it lives, a crash leaves its line in the run's folder.
struct CrashNote {
  explicit CrashNote(const std::filesystem::path& folder) {
    const std::filesystem::path note = std::filesystem::absolute(folder / kCrashNote);
    std::error_code gone;
    std::filesystem::remove(note, gone);  // of the crash after which this run goes on
    set_crash_note(note.c_str());
  }
  ~CrashNote() { set_crash_note(""); }
  CrashNote(const CrashNote&) = delete;
  CrashNote& operator=(const CrashNote&) = delete;
};

// The run to fill: a new one, or one that was interrupted.
struct RunPlace {
  std::int64_t id = 0;
  std::string name;
  std::filesystem::path folder;
  std::unique_ptr<FolderLock> lock;
  bool continues = false;
};

// The run that is there already, to be continued or, when it has finished, told.
std::optional<ExistingRun> to_continue(const Recorder& recorder, const std::string& identity,
                                       const RunRequest& request) {
  if (request.again) return std::nullopt;
  if (request.run == 0) return recorder.find(identity);
  std::optional<ExistingRun> run = recorder.find_run(request.run);
  if (!run) throw Error(Failure::usage, fmt::format("run {} has been removed in the meantime", request.run));
  return run;
}

// `now` is not what was to be continued, or not the point of a sweep that was planned.
[[noreturn]] void refuse(const RunRequest& request, const RunRecord& now) {
  if (request.run == 0)
    throw Error(Failure::usage,
                "its data, plugins, precision, initial weights or the engine have changed since it was started or "
                "planned, so it cannot be continued",
                "run the command for the whole experiment or sweep again");
  const std::vector<std::string> changes =
      changes_since(request.results, request.run, now, Compared::continued).identity;
  const bool images = std::any_of(changes.begin(), changes.end(),
                                  [](const std::string& change) { return change.find("images") != std::string::npos; });
  throw Error(
      Failure::usage,
      fmt::format("run {} cannot be continued with what is here now: {}", request.run, fmt::join(changes, ", and ")),
      fmt::format("{}`rxrun rerun {}` starts a new run with what is here",
                  images ? "set data.path=PATH if its images have moved; " : "", request.run));
}

// A run that goes on in another place still ends with its own numbers, but for their rounding.
void warn_of_another_machine(const RunRequest& request, std::int64_t run, const RunRecord& now, RunObserver& observer) {
  const std::vector<std::string> changes = changes_since(request.results, run, now, Compared::continued).rounding;
  if (changes.empty()) return;
  observer.on_warning(fmt::format(
      "run {} was started elsewhere ({}): from here on its numbers may be rounded differently, and the result is "
      "not bit-identical to that of one machine",
      run, fmt::join(changes, ", ")));
}

RunPlace open_run(Recorder& recorder, RunRecord record, const std::optional<ExistingRun>& existing,
                  const RunRequest& request, const std::vector<SplitRecord>& split) {
  RunPlace place;
  if (existing) {
    place.name = existing->name;
    place.folder = own_folder(request.results, existing->id, existing->folder);
    make_folder(place.folder);
    place.lock = std::make_unique<FolderLock>(place.folder);
    place.id = existing->id;
    place.continues = true;
    return place;
  }
  place.id = recorder.begin(std::move(record), split, [&](const RunRecord& run) {
    place.name = run.name;
    place.folder = request.results / run.folder;
    place.lock = std::make_unique<FolderLock>(place.folder);
    write_file_atomically(place.folder / "experiment.yaml", run.resolved);
  });
  return place;
}

// What the run ends with: its kept weights on the validation part, and on the test part if that was scored.
std::vector<EvaluationRecord> evaluations_of(const StartedRun& run, const TrainingResult& result,
                                             const std::vector<std::pair<std::string, std::string>>& artifacts) {
  const auto best = std::find_if(artifacts.begin(), artifacts.end(),
                                 [](const auto& artifact) { return artifact.first.ends_with("/best.safetensors"); });
  const auto evaluation = [&](Part part, const Predictions& predictions) {
    return evaluation_of({.dataset = run.dataset,
                          .part = part,
                          .predictions = predictions,
                          .part_name = to_string(part),
                          .data = run.experiment.data.path.string(),
                          .weights = best == artifacts.end() ? "" : best->second,
                          .test_time_augmentation = run.experiment.training.test_time_augmentation});
  };
  std::vector<EvaluationRecord> evaluations = {evaluation(Part::validation, result.validation_predictions)};
  if (result.test_predictions) evaluations.push_back(evaluation(Part::test, *result.test_predictions));
  return evaluations;
}

}  // namespace

RunOutcome run_experiment(const CheckedExperiment& checked, const RunRequest& request, RunObserver& observer) {
  const Experiment& experiment = checked.experiment();
  observer.on_warnings(checked.warnings);
  make_results_folder(request.results, observer);
  const Machine machine = set_up(experiment, observer);

  std::shared_ptr<const Source> source = open_source(experiment.data, experiment.seed);
  Network network = network_for(checked, *source);
  const std::optional<InitialWeights> weights = initial_weights_of(checked, network);
  // What is wrong is told before images take their time; without those that turn out to be bad, it may still be found.
  check_training(experiment, class_images(source->classes(), source->samples(),
                                          draw_split(source->listing(), experiment.data, experiment.seed)));
  // Made once there is something to record, and before images take their time: a folder that cannot be written to is
  // told at once.
  const Patience patience{.longest = request.patience,
                          .tell = [&observer](const std::string& text) { observer.on_warning(text); },
                          .stop = [&request] { return request.stop != nullptr && request.stop->load() != 0; }};
  Recorder recorder(request.results / "results.db", patience);
  const Dataset dataset =
      read_dataset(experiment, std::move(source), request.results, observer, request.shares_images, request.stop);

  const std::vector<Diagnostic> warnings =
      check_training(experiment, class_images(dataset.classes, dataset.source->samples(), dataset.parts));

  RunRecord record = record_of(checked, request, dataset, machine, network, weights);
  const std::string identity = record.identity;
  if (!request.identity.empty() && request.identity != identity) refuse(request, record);
  const std::optional<ExistingRun> existing = to_continue(recorder, identity, request);
  if (existing && existing->status == RunStatus::finished) {
    observer.on_existing(*existing, experiment);
    return {.end = RunOutcome::End::existing, .run = existing->id};
  }

  observer.on_warnings(dataset.warnings);
  observer.on_warnings(warnings);
  observer.on_record(record);
  if (existing) warn_of_another_machine(request, existing->id, record, observer);
  const RunPlace place = open_run(recorder, std::move(record), existing, request, split_of(dataset));
  write_preprocessing(place.folder, preprocessing_of(dataset));
  const StartedRun run{.id = place.id,
                       .name = place.name,
                       .folder = place.folder,
                       .continues = place.continues,
                       .experiment = experiment,
                       .network = network,
                       .dataset = dataset,
                       .machine = machine};
  observer.on_start(run);

  const CrashNote crash_note(place.folder);
  RunOutcome outcome{.run = place.id};
  RecordingObserver recording(recorder, place.id, observer);
  recorded(recorder, place.id, [&] {
    const TrainingResult result = train(network, dataset, experiment,
                                        {.folder = place.folder,
                                         .resume = place.continues,
                                         .threads = existing ? threads_of(request.results, existing->id) : 0,
                                         .stop = request.stop,
                                         .identity = existing ? existing->checkpoint_key : identity,
                                         .initial = weights ? &*weights : nullptr,
                                         .score_test = request.score_test,
                                         .patience = patience},
                                        recording);
    if (result.end == TrainingResult::End::interrupted)
      outcome = {RunOutcome::End::interrupted, place.id, request.stop->load()};
    const bool interrupted = outcome.end == RunOutcome::End::interrupted;
    RunEnd end{.status = interrupted ? RunStatus::interrupted : RunStatus::finished,
               .best_epoch = result.best_epoch,
               .seconds = result.seconds,
               .evaluations = {},
               .artifacts = artifacts_in(place.folder, request.results),
               .reason = interrupted ? fmt::format("stopped by signal {}", outcome.signal) : ""};
    if (!interrupted) end.evaluations = evaluations_of(run, result, end.artifacts);
    recorder.end(place.id, end);
    observer.on_end(run, result);
  });
  return outcome;
}

}  // namespace rxrun
