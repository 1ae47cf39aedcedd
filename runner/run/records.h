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

std::vector<PredictionRecord> predictions_of(const Dataset& dataset, const Predictions& predictions);

// The weights files of a run: (path relative to results.db, SHA-256).
std::vector<std::pair<std::string, std::string>> artifacts_in(const std::filesystem::path& folder,
                                                              const std::filesystem::path& results);

}  // namespace rxrun
