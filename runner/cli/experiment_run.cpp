#include "cli/experiment_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/preprocessing.h"
#include "cli/recorded.h"
#include "cli/run_report.h"
#include "cli/stop_signal.h"
#include "cli/version.h"
#include "diagnostics/render.h"
#include "files/files.h"
#include "files/folder.h"
#include "files/folder_lock.h"
#include "network/summary.h"
#include "recording/identity.h"
#include "recording/recorder.h"
#include "training/optimizer.h"
#include "training/trainer.h"

namespace rxrun {
namespace {

std::vector<std::pair<std::string, std::string>> plugin_builds(const CheckedNetwork& network) {
  std::vector<std::pair<std::string, std::string>> builds;
  for (const PluginInfo& plugin : network.plugins) builds.emplace_back(plugin.manifest.plugin, plugin.manifest.build_id);
  return builds;
}

// What the file of the initial weights holds stands for its name.
Node with_contents(Node tree, const std::optional<InitialWeights>& weights) {
  if (weights) tree.find("training")->find("initial_weights")->find("file")->text = weights->sha256;
  return tree;
}

RunRecord record_of(const CheckedExperiment& checked, const RunRequest& request, const Dataset& dataset,
                    const Machine& machine, const Network& network, const std::optional<InitialWeights>& weights,
                    const std::string& identity) {
  const Experiment& experiment = checked.experiment();
  const Summary summary = summarize(network);
  RunRecord record{.name = fmt::format("{}-{}", experiment.name, identity.substr(0, 8)),
                   .experiment = experiment.name,
                   .file = request.file,
                   .identity = identity,
                   .seed = experiment.seed,
                   .resolved = write_experiment(frozen(checked.read)),
                   .configuration = configuration_json(with_contents(checked.read.tree, weights)),
                   .params = flatten(checked.read.tree),
                   .command = fmt::format("rxrun {}", fmt::join(request.common.arguments, " ")),
                   .generated_data = dataset.generated,
                   .content_hash = dataset.content_hash,
                   .split_hash = dataset.split_hash,
                   .skipped_images = static_cast<std::int64_t>(dataset.skipped.size()),
                   .parameters = summary.parameters,
                   .multiply_adds = summary.multiply_adds,
                   .environment = {{"rxrun", version},
                                   {"libtorch", machine.libtorch},
                                   {"cpu", machine.cpu},
                                   {"instruction_set", machine.instruction_set},
                                   {"device", machine.device},
                                   {"threads", std::to_string(machine.threads)},
                                   {"precision", to_string(machine.precision)}},
                   .folder = {}};
  if (weights) record.environment.emplace_back("initial_weights", weights->sha256);
  for (const auto& [name, build] : plugin_builds(checked.network)) record.environment.emplace_back("plugin." + name, build);
  return record;
}

std::vector<SplitRecord> split_of(const Dataset& dataset) {
  std::vector<SplitRecord> split;
  for (Part part : all_parts)
    for (std::int64_t index : dataset.part(part)) {
      const Sample& sample = dataset.source->samples()[static_cast<std::size_t>(index)];
      split.push_back({sample.name, sample.label, sample.group, to_string(part)});
    }
  return split;
}

std::vector<PredictionRecord> predictions_of(const Dataset& dataset, const Predictions& predictions) {
  std::vector<PredictionRecord> records;
  const auto classes = static_cast<std::size_t>(predictions.classes);
  for (std::size_t i = 0; i < predictions.samples.size(); ++i) {
    const auto row = predictions.probabilities.begin() + static_cast<std::ptrdiff_t>(i * classes);
    const auto top = std::max_element(row, row + static_cast<std::ptrdiff_t>(classes));
    records.push_back({dataset.source->samples()[static_cast<std::size_t>(predictions.samples[i])].name,
                       predictions.labels[i], top - row, *top});
  }
  return records;
}

// The run to fill: a new one, or one that was interrupted.
struct RunPlace {
  std::int64_t id = 0;
  std::string name;
  std::filesystem::path folder;
  std::unique_ptr<FolderLock> lock;
  bool continues = false;
};

// The run that is there already, to be continued or, when it has finished, told.
std::optional<ExistingRun> to_continue(const Recorder& recorder, const std::string& identity, const RunRequest& request) {
  if (request.again) return std::nullopt;
  if (request.run == 0) return recorder.find(identity);
  std::optional<ExistingRun> run = recorder.find_run(request.run);
  if (!run) throw Error(Failure::usage, fmt::format("run {} has been removed meanwhile", request.run));
  return run;
}

RunPlace open_run(Recorder& recorder, RunRecord record, const std::optional<ExistingRun>& existing, const RunRequest& request,
                  const std::vector<SplitRecord>& split) {
  RunPlace place;
  if (existing) {
    place.name = existing->name;
    place.folder = request.common.results / existing->folder;
    make_folder(place.folder);
    place.lock = std::make_unique<FolderLock>(place.folder);
    place.id = existing->id;
    place.continues = true;
    return place;
  }
  place.id = recorder.begin(std::move(record), split, [&](const RunRecord& run) {
    place.name = run.name;
    place.folder = request.common.results / run.folder;
    place.lock = std::make_unique<FolderLock>(place.folder);
    write_file_atomically(place.folder / "experiment.yaml", run.resolved);
  });
  return place;
}

}  // namespace

std::optional<InitialWeights> initial_weights_of(const CheckedExperiment& checked, const Network& network) {
  const auto& spec = checked.experiment().training.initial_weights;
  if (!spec) return std::nullopt;
  return read_initial_weights(*spec, network);
}

std::string identity_of(const CheckedExperiment& checked, const std::string& content_hash, const std::string& split_hash,
                        Precision precision, const std::optional<InitialWeights>& weights) {
  return run_identity({.experiment = canonical_json(with_contents(checked.read.tree, weights)),
                       .content_hash = content_hash,
                       .split_hash = split_hash,
                       .plugins = plugin_builds(checked.network),
                       .engine_version = version,
                       .precision = to_string(precision)});
}

StepAssumptions step_of(const Experiment& experiment) {
  return {.batch = experiment.data.batch,
          .optimizer_slots = Optimizer::slots(experiment.training.optimizer),
          .activation_bytes = experiment.training.precision == Precision::bfloat16 ? 2 : 4};
}

Machine set_up(const Experiment& experiment, Console& console) {
  Machine machine = set_up_machine(experiment.machine, experiment.training.precision);
  if (!machine.remark.empty()) console.warning(machine.remark);
  return machine;
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw Error(Failure::usage, fmt::format("cannot make the folder {}: {}", printable(folder.string()), failure.message()), "name another one with --results");
}

void make_results_folder(const std::filesystem::path& results, Console& console) {
  make_folder(results);
  if (const std::string system = network_file_system(results); !system.empty())
    console.warning(fmt::format("{} is on {}: locks over a network may not hold, and results.db be damaged; prefer a local disk",
                                results.string(), system));
}

Network network_for(const CheckedExperiment& checked, const Source& source) {
  const DataSpec& data = checked.experiment().data;
  const std::int64_t channels = data.channels != 0 ? data.channels : source.channels();
  return build_network(checked.network, {channels, data.image_size, data.image_size},
                       static_cast<std::int64_t>(source.classes().size()));
}

ImageCaching image_caching(const std::filesystem::path& results, bool shared) {
  return {.folder = results.empty() ? results : results / "cache", .always = shared};
}

void show_reading(Console& console, const LoadProgress& progress) {
  console.progress("reading images", static_cast<double>(progress.done) / static_cast<double>(progress.total),
                   fmt::format("{}/{}", progress.done, progress.total));
}

Dataset read_dataset(const Experiment& experiment, std::shared_ptr<const Source> source, const std::filesystem::path& results,
                     Console& console, bool shared) {
  Dataset dataset = load_dataset(experiment.data, std::move(source), experiment.seed, static_cast<int>(experiment.machine.threads),
                                 [&console](const LoadProgress& progress) { show_reading(console, progress); },
                                 image_caching(results, shared));
  console.clear_progress();
  return dataset;
}

int run_experiment(const CheckedExperiment& checked, const RunRequest& request) {
  const Experiment& experiment = checked.experiment();
  const std::atomic<int>& stop = watch_stop_signals();
  Console console(request.common);
  console.warnings(checked.warnings);

  make_results_folder(request.common.results, console);
  Recorder recorder(request.common.results / "results.db");
  const Machine machine = set_up(experiment, console);

  std::shared_ptr<const Source> source = open_source(experiment.data, experiment.seed);
  Network network = network_for(checked, *source);
  const std::optional<InitialWeights> weights = initial_weights_of(checked, network);
  const Dataset dataset = read_dataset(experiment, source, request.common.results, console, request.shares_images);

  console.warnings(dataset.warnings);
  const std::string identity = identity_of(checked, dataset.content_hash, dataset.split_hash, machine.precision, weights);
  if (!request.identity.empty() && request.identity != identity)
    throw Error(Failure::usage, "its data, plugins, precision, initial weights or rxrun itself have changed since: what was begun or planned cannot be continued",
                "give the command for the whole experiment or sweep again");
  const std::optional<ExistingRun> existing = to_continue(recorder, identity, request);
  if (existing && existing->status == RunStatus::finished) return report_existing(console, request.common.results, *existing);

  if (request.before_recording) request.before_recording(record_of(checked, request, dataset, machine, network, weights, identity));
  const RunPlace place = open_run(recorder, record_of(checked, request, dataset, machine, network, weights, identity), existing, request, split_of(dataset));
  write_preprocessing(place.folder, preprocessing_of(dataset));
  console.log_to(place.folder / "run.log");
  report_start(console, place.name, place.id, experiment, network, dataset, machine, place.continues);

  RunReporter reporter(console, recorder, place.id, place.folder.lexically_relative(request.common.results), experiment);
  return recorded(recorder, place.id, [&] {
    const TrainingResult result = train(network, dataset, experiment,
                                        {.folder = place.folder, .resume = place.continues, .stop = &stop, .identity = identity, .initial = weights ? &*weights : nullptr}, reporter);
    const bool interrupted = result.end == TrainingResult::End::interrupted;
    recorder.end(place.id, {.status = interrupted ? RunStatus::interrupted : RunStatus::finished,
                            .best_epoch = result.best_epoch,
                            .seconds = result.seconds,
                            .metrics = result.validation,
                            .predictions = predictions_of(dataset, result.validation_predictions),
                            .artifacts = artifacts_in(place.folder, request.common.results),
                            .reason = interrupted ? fmt::format("stopped by signal {}", stop.load()) : ""});
    report_end(console, request.common.results, place.name, place.id, result, dataset, reporter.share_waiting());
    return interrupted ? 128 + stop.load() : 0;
  });
}

}  // namespace rxrun
