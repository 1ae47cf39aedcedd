#include "run/records.h"

#include <fmt/format.h>

#include <span>

#include "experiment/places.h"
#include "files/files.h"
#include "network/summary.h"
#include "recording/configuration.h"
#include "recording/identity.h"
#include "version.h"

namespace rxrun {
namespace {

std::vector<std::pair<std::string, std::string>> plugin_builds(const CheckedNetwork& network) {
  std::vector<std::pair<std::string, std::string>> builds;
  for (const PluginInfo& plugin : network.plugins)
    builds.emplace_back(plugin.manifest.plugin, plugin.manifest.build_id);
  return builds;
}

// What the file of the initial weights holds stands for its name.
Node with_contents(Node tree, const std::optional<InitialWeights>& weights) {
  if (weights) tree.find("training")->find("initial_weights")->find("file")->text = weights->sha256;
  return tree;
}

}  // namespace

std::string identity_of(const CheckedExperiment& checked, const std::string& content_hash,
                        const std::string& split_hash, Precision precision,
                        const std::optional<InitialWeights>& weights) {
  return run_identity({.experiment = canonical_json(with_contents(checked.read.tree, weights)),
                       .content_hash = content_hash,
                       .split_hash = split_hash,
                       .plugins = plugin_builds(checked.network),
                       .engine_version = version,
                       .precision = to_string(precision)});
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
                   .command = request.command,
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
  for (const auto& [name, build] : plugin_builds(checked.network))
    record.environment.emplace_back("plugin." + name, build);
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
