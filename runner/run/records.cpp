#include "run/records.h"

#include <fmt/format.h>

#include <span>

#include "files/files.h"
#include "identity/identity.h"
#include "network/summary.h"
#include "run/environment.h"

namespace rxrun {

RunRecord record_of(const CheckedExperiment& checked, const RunRequest& request, const Dataset& dataset,
                    const Machine& machine, const Network& network, const std::optional<InitialWeights>& weights) {
  const Experiment& experiment = checked.experiment();
  const Summary summary = summarize(network);
  const RunIdentity identity = identity_of(checked, {.content_hash = dataset.content_hash,
                                                     .split_hash = dataset.split_hash,
                                                     .generated_data = dataset.generated,
                                                     .precision = to_string(machine.precision),
                                                     .initial_weights = weights ? weights->sha256 : ""});
  return {.name = fmt::format("{}-{}", experiment.name, identity.run.substr(0, 8)),
          .experiment = experiment.name,
          .file = request.file,
          .identity = identity.run,
          .seed = experiment.seed,
          .resolved = write_experiment(frozen(checked.read)),
          .configuration = identity.configuration,
          .params = flatten(checked.read.tree),
          .command = request.command,
          .generated_data = dataset.generated,
          .content_hash = dataset.content_hash,
          .split_hash = dataset.split_hash,
          .skipped_images = static_cast<std::int64_t>(dataset.skipped.size()),
          .parameters = summary.parameters,
          .multiply_adds = summary.multiply_adds,
          .environment = environment_of(machine, checked.network, weights),
          .folder = {}};
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
  for (std::size_t i = 0; i < predictions.samples.size(); ++i) {
    const std::span<const float> row = probabilities_of(predictions, i);
    const std::int64_t top = likeliest(row);
    records.push_back({dataset.source->samples()[static_cast<std::size_t>(predictions.samples[i])].name,
                       predictions.labels[i], top, row[static_cast<std::size_t>(top)]});
  }
  return records;
}

std::vector<std::pair<std::string, std::string>> artifacts_in(const std::filesystem::path& folder,
                                                              const std::filesystem::path& results) {
  std::vector<std::pair<std::string, std::string>> artifacts;
  for (const char* name : {"best.safetensors", "last.safetensors"}) {
    const std::filesystem::path file = folder / name;
    if (std::filesystem::exists(file))
      artifacts.emplace_back(file.lexically_relative(results).string(), sha256_of_file(file));
  }
  return artifacts;
}

}  // namespace rxrun
