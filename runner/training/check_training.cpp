#include "training/check_training.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "data/fault.h"
#include "diagnostics/render.h"
#include "experiment/places.h"
#include "training/outputs.h"

namespace rxrun {
namespace {

struct Watched {
  std::string key, metric;
};

std::vector<Watched> watched_metrics(const TrainingSpec& spec) {
  std::vector<Watched> watched;
  // Its metric compares points of a sweep also where the last epoch is kept.
  watched.push_back({"keep_best.metric", spec.keep_best.metric});
  if (spec.early_stopping) watched.push_back({"early_stopping.metric", spec.early_stopping->goal.metric});
  if (spec.schedule.kind == ScheduleSpec::Kind::reduce_on_plateau)
    watched.push_back({"schedule.reduce_on_plateau.metric", spec.schedule.metric});
  return watched;
}

std::int64_t sum_of(const std::vector<std::int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

void check_class_weights(const TrainingSpec& spec, std::size_t classes, Diagnostics& faults) {
  const std::size_t weights = spec.loss.class_weights.size();
  if (weights == 0 || weights == classes) return;
  faults.error(
      nearest_place(spec.written, "loss.cross_entropy.class_weights"),
      "training.loss.class_weights has " + counted(weights, "value") + ", the data has " + counted(classes, "class"),
      "give one weight for each class, in the order of the classes");
}

void check_watched(const TrainingSpec& spec, const Watched& watched, const ClassImages& images, Diagnostics& faults) {
  if (!watched.metric.ends_with("_auc")) return;
  const Part part = watched.metric.starts_with("train") ? Part::train : Part::validation;
  const std::vector<std::int64_t>& counts = images[static_cast<std::size_t>(part)];
  const SourceLocation where = nearest_place(spec.written, watched.key);
  const std::string which = "training." + watched.key + " is " + watched.metric + ", but ";
  const std::int64_t all = sum_of(counts), classes = static_cast<std::int64_t>(counts.size());
  if (all == 0) return;  // told of the split
  const auto absent = std::count(counts.begin(), counts.end(), 0);
  if (absent > 0)
    faults.error(where,
                 which + to_string(part) + " has no image of " +
                     (absent == 1 ? "one of the classes" : std::to_string(absent) + " of the classes"),
                 "an AUC needs images of every class in its part: choose another metric or another split");
  else if (part == Part::train && Outputs::affordable(all, classes) != Outputs::Keep::probabilities)
    faults.error(where,
                 which + "it is not measured for " + std::to_string(all) + " images of " + std::to_string(classes) +
                     " classes: their probabilities would take more than 256 MiB",
                 "watch validation_auc, or another metric");
}

}  // namespace

std::vector<Diagnostic> check_training(const Experiment& experiment, const ClassImages& images) {
  const TrainingSpec& spec = experiment.training;
  const std::vector<std::int64_t>& train = images[static_cast<std::size_t>(Part::train)];
  Diagnostics faults;
  check_class_weights(spec, train.size(), faults);
  for (const Watched& watched : watched_metrics(spec)) check_watched(spec, watched, images, faults);
  faults.throw_errors();

  const std::int64_t all = sum_of(train), batch = experiment.data.batch;
  const std::string there = "the training part has " + counted(all, "image");
  std::vector<Diagnostic> warnings;
  if (batch > all)
    warnings.push_back(data_warning(
        experiment.data, "batch",
        "data.batch is " + std::to_string(batch) + ", but " + there + ": an epoch is a single step with all of them"));
  else if (batch > 1 && all % batch == 1 && all > 1)
    warnings.push_back(data_warning(experiment.data, "batch",
                                    there + ", of which batches of " + std::to_string(batch) +
                                        " leave one over: each epoch leaves out another, as batch norm cannot learn "
                                        "from a single image"));
  return warnings;
}

}  // namespace rxrun
