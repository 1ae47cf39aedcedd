// An experiment file → Experiment, with where each value came from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "experiment/document.h"
#include "experiment/experiment.h"

namespace rxrun {

struct ReadExperiment {
  Experiment experiment;
  Node tree;  // resolved; defaults filled in with Origin::default_value, for `explain` and for the run's record
};

// Reads and checks all that needs no plugin: YAML, keys, types, ranges. Every error found goes to `diagnostics`; what
// could be read is returned, so that later checks can go on and tell theirs too. Throws Error only for an unreadable file.
ReadExperiment read_experiment(const std::filesystem::path& file, const std::vector<Override>& overrides, Diagnostics& diagnostics);

// The resolved experiment as YAML: reading it again gives the same Experiment.
std::string write_experiment(const Node& tree);

// "training.optimizer.adam.lr = 0.0001\n  experiments/a.yaml:31:27, over the default 0.001". `key` is a path or an
// unambiguous tail; throws Error with the nearest keys otherwise. JSON when asked.
std::string explain(const ReadExperiment& read, const std::string& key, bool json);

}  // namespace rxrun
