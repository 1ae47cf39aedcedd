#include "planning/data.h"

#include <fmt/format.h>

#include "data/dataset.h"
#include "experiment/read.h"
#include "run/prepare.h"

namespace rxrun {

const DataFacts& SweepData::facts(const CheckedExperiment& checked) {
  Opened& data = opened(checked);
  const std::uint64_t seed = checked.experiment().seed;
  std::string settings = fmt::format("{}\n", seed);
  for (const auto& [path, value] : flatten(checked.read.tree))
    if (path.starts_with("data.")) settings += path + "=" + value + "\n";
  const auto [found, is_new] = data.facts.try_emplace(settings);
  if (!is_new) return found->second;
  const DataSpec& spec = checked.experiment().data;
  try {
    if (!data.survey) data.survey = survey(checked.experiment(), data.source);
    const Dataset dataset = describe_dataset(spec, data.source, seed, *data.survey);
    found->second = {.content = dataset.content_hash,
                     .split = dataset.split_hash,
                     .generated = dataset.generated,
                     .images = class_images(dataset.classes, dataset.source->samples(), dataset.parts),
                     .warnings = dataset.warnings};
  } catch (...) {
    data.facts.erase(found);
    throw;
  }
  return found->second;
}

SweepData::Opened& SweepData::opened(const CheckedExperiment& checked) {
  const DataSpec& spec = checked.experiment().data;
  const std::uint64_t seed = checked.experiment().seed;
  // What is read of an image does not depend on these.
  std::string key = spec.path.string() + "\n";
  for (const auto& [path, value] : flatten(checked.read.tree))
    if (path.starts_with("data.") && path != "data.batch" && path != "data.memory" && path != "data.split.seed" &&
        path != "data.on_bad_image" && !path.starts_with("data.augment") && !path.starts_with("data.normalize"))
      key += path + "=" + value + "\n";
  Opened& any_seed = opened_[key];
  if (!any_seed.source) any_seed.source = open_source(spec, seed);
  if (!any_seed.source->generated()) return any_seed;
  Opened& own = opened_[fmt::format("{}seed={}", key, seed)];
  if (!own.source) own.source = open_source(spec, seed);
  return own;
}

std::shared_ptr<const ImageSurvey> SweepData::survey(const Experiment& experiment,
                                                     const std::shared_ptr<const Source>& source) {
  auto survey = survey_images(
      experiment.data, source, static_cast<int>(experiment.machine.threads),
      [this](const LoadProgress& progress) { observer_.on_reading(progress); },
      image_caching(results_, !results_.empty()), stop_);
  observer_.on_read();
  return survey;
}

}  // namespace rxrun
