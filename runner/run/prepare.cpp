#include "run/prepare.h"

#include <fmt/format.h>

#include <utility>

#include "diagnostics/render.h"
#include "files/folder.h"
#include "recording/run_folder.h"
#include "training/optimizer.h"

namespace rxrun {

Machine set_up(const Experiment& experiment, RunObserver& observer) {
  Machine machine = set_up_machine(experiment.machine, experiment.training.precision);
  if (!machine.remark.empty()) observer.on_warning(machine.remark);
  return machine;
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure)
    throw Error(Failure::usage,
                fmt::format("cannot create the folder {}: {}", printable(folder.string()), failure.message()),
                "choose another one with --results");
}

void make_results_folder(const std::filesystem::path& results, RunObserver& observer) {
  make_folder(results);
  if (const std::string system = network_file_system(results); !system.empty())
    observer.on_warning(fmt::format(
        "{} is on {}: locks may not work over a network, and results.db may be damaged; use a local disk if you can",
        results.string(), system));
}

Network network_for(const CheckedExperiment& checked, const Source& source) {
  const DataSpec& data = checked.experiment().data;
  const std::int64_t channels = data.channels != 0 ? data.channels : source.channels();
  return build_network(checked.network, {channels, data.image_size, data.image_size},
                       static_cast<std::int64_t>(source.classes().size()));
}

std::optional<InitialWeights> initial_weights_of(const CheckedExperiment& checked, const Network& network) {
  const auto& spec = checked.experiment().training.initial_weights;
  if (!spec) return std::nullopt;
  return read_initial_weights(*spec, network);
}

StepAssumptions step_of(const Experiment& experiment) {
  const Precision precision = choose_precision(experiment.training.precision, choose_device(experiment.machine.device));
  return {.batch = experiment.data.batch,
          .optimizer_slots = Optimizer::slots(experiment.training.optimizer),
          .activation_bytes = precision == Precision::bfloat16 ? 2 : 4};
}

ImageCaching image_caching(const std::filesystem::path& results, bool shared) {
  if (results.empty()) return {.folder = {}, .always = shared};
  require_no_link(results, "cache");
  return {.folder = results / "cache", .always = shared};
}

Dataset read_dataset(const Experiment& experiment, std::shared_ptr<const Source> source,
                     const std::filesystem::path& results, RunObserver& observer, bool shared,
                     const std::atomic<int>* stop) {
  Dataset dataset = load_dataset(
      experiment.data, std::move(source), experiment.seed, static_cast<int>(experiment.machine.threads),
      [&observer](const LoadProgress& progress) { observer.on_reading(progress); }, image_caching(results, shared),
      stop);
  observer.on_read();
  return dataset;
}

}  // namespace rxrun
