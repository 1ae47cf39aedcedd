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

// Of the run that computes `checked` on data of these hashes from these weights.
std::string identity_of(const CheckedExperiment& checked, const std::string& content_hash,
                        const std::string& split_hash, Precision precision,
                        const std::optional<InitialWeights>& weights);

RunRecord record_of(const CheckedExperiment& checked, const RunRequest& request, const Dataset& dataset,
                    const Machine& machine, const Network& network, const std::optional<InitialWeights>& weights,
                    const std::string& identity);

std::vector<SplitRecord> split_of(const Dataset& dataset);

std::vector<PredictionRecord> predictions_of(const Dataset& dataset, const Predictions& predictions);

// The weights files of a run: (path relative to results.db, SHA-256).
std::vector<std::pair<std::string, std::string>> artifacts_in(const std::filesystem::path& folder,
                                                              const std::filesystem::path& results);

}  // namespace rxrun
