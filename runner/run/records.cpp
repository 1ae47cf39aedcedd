#include "run/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "files/files.h"
#include "identity/identity.h"
#include "network/summary.h"
#include "run/environment.h"
#include "run/preprocessing.h"
#include "statistics/estimate.h"

namespace rxrun {
namespace {

constexpr std::size_t kMostProbabilities = std::size_t{1} << 24;  // 64 MiB

// Of the rows of split_of().
std::int64_t position_in_split(const Dataset& dataset, Part part, std::int64_t sample) {
  std::int64_t position = 0;
  for (const Part earlier : all_parts) {
    if (earlier == part) break;
    position += static_cast<std::int64_t>(dataset.part(earlier).size());
  }
  const std::vector<std::int64_t>& members = dataset.part(part);
  return position + (std::lower_bound(members.begin(), members.end(), sample) - members.begin());
}

}  // namespace

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
          .classes = dataset.classes,
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

EvaluationRecord evaluation_of(const Scored& scored) {
  const Predictions& predictions = scored.predictions;
  EvaluationRecord record{.part = scored.part_name,
                          .own = scored.own,
                          .at_end = scored.at_end,
                          .data = scored.data,
                          .content = scored.dataset.part_hashes[static_cast<std::size_t>(scored.part)],
                          .weights = scored.weights,
                          .preprocessing = preprocessing_json(preprocessing_of(scored.dataset)),
                          .test_time_augmentation = to_string(scored.test_time_augmentation),
                          .images = static_cast<std::int64_t>(predictions.samples.size()),
                          .measures = {},
                          .outputs = {}};
  for (const auto& [name, value] : score(predictions)) {
    MeasureRecord& measure = record.measures.emplace_back(MeasureRecord{.name = name, .value = value});
    if (name != "accuracy") continue;
    const auto [low, high] = wilson_interval(value, static_cast<double>(record.images));
    measure.interval = {.low = low, .high = high, .method = "wilson"};
  }
  const bool whole = predictions.probabilities.size() <= kMostProbabilities;
  for (std::size_t i = 0; i < predictions.samples.size(); ++i) {
    const std::span<const float> row = probabilities_of(predictions, i);
    const std::int64_t top = likeliest(row), sample = predictions.samples[i];
    record.outputs.push_back(
        {.position = scored.own ? position_in_split(scored.dataset, scored.part, sample) : static_cast<std::int64_t>(i),
         .sample = scored.own ? "" : scored.dataset.source->samples()[static_cast<std::size_t>(sample)].name,
         .label = predictions.labels[i],
         .predicted = top,
         .probability = row[static_cast<std::size_t>(top)],
         .probabilities = whole ? std::vector<float>(row.begin(), row.end()) : std::vector<float>()});
  }
  return record;
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
