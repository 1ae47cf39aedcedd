// What a run is and was, as the rows that results.db keeps.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "network/network.h"
#include "plugin/checked_experiment.h"
#include "recording/recorder.h"
#include "run/run.h"
#include "training/initial_weights.h"
#include "training/machine.h"
#include "training/metrics.h"

namespace rxrun {

RunRecord record_of(const CheckedExperiment& checked, const RunRequest& request, const Dataset& dataset,
                    const Machine& machine, const Network& network, const std::optional<InitialWeights>& weights);

std::vector<SplitRecord> split_of(const Dataset& dataset);

// What was scored: `predictions` of `part` of `dataset`, by the weights of this SHA-256. `own`: it is a part of the
// run's split.
struct Scored {
  const Dataset& dataset;
  Part part = Part::test;
  const Predictions& predictions;
  std::string part_name;  // "test"; "all"
  bool own = true, at_end = true;
  std::string data;  // where the images lie
  std::string weights;
  TestTimeAugmentation test_time_augmentation = TestTimeAugmentation::none;
};

// Its measures, the accuracy's interval by Wilson, and the outputs of every image. Beyond 2^24 probabilities the
// images' probabilities but for that of the predicted class are left out.
EvaluationRecord evaluation_of(const Scored& scored);

// The weights files of a run: (path relative to results.db, SHA-256).
std::vector<std::pair<std::string, std::string>> artifacts_in(const std::filesystem::path& folder,
                                                              const std::filesystem::path& results);

}  // namespace rxrun
