// An experiment file → Experiment, with where each value came from.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "experiment/document.h"
#include "experiment/experiment.h"

namespace rxrun {

struct ReadExperiment {
  Experiment experiment;
  Node tree;  // resolved; defaults filled in with Origin::default_value, for `explain` and for the run's record
  std::filesystem::path file;
  std::vector<Override> overrides;
};

// Reads and checks all that needs no plugin: YAML, keys, types, ranges. Every error found goes to `diagnostics`, in the
// order of the file; what could be read is returned, so that later checks can go on and tell theirs too. Throws Error
// only for an unreadable file.
ReadExperiment read_experiment(const std::filesystem::path& file, const std::vector<Override>& overrides,
                               Diagnostics& diagnostics);

// The same for the text of a resolved experiment as write_experiment gave it, by this version or an earlier one; `file`
// is what errors call it.
ReadExperiment read_resolved(const std::string& text, const std::string& file, Diagnostics& diagnostics);

// The resolved experiment as YAML: reading it again gives the same Experiment and an equal tree. Throws Error for one
// that no file can hold: too large with what it extends, or below a folder whose name is no text.
std::string write_experiment(const Node& tree);

// The resolved tree with what is relative to the working directory made absolute (data.path, plugins named by a path):
// it reads to the same experiment from any folder.
Node frozen(const ReadExperiment& read);

// Every value of a resolved tree: "training.optimizer.adam.lr" and "0.0001", "network.stages.0.depth" and "3". A choice
// is one, "training.optimizer" and "adam", as is a layer, "network.stem.0" and "conv". A list is one value too, "[0.5,
// 0.5]", also of layers, whose own values follow; what is null is left out.
std::vector<std::pair<std::string, std::string>> flatten(const Node& tree);

// Of a resolved experiment's text those values that are choices; none of a text that cannot be read.
std::vector<std::pair<std::string, std::string>> choices_in(const std::string& resolved);

// "training.optimizer.adam.lr = 0.0001\n  experiments/a.yaml:31:27, over the default 0.001\n  learning rate: a number
// ...". `key` is a path or an unambiguous tail; a section gives all that is in it. Throws Error with the nearest keys
// otherwise. JSON, an array, when asked.
std::string explain(const ReadExperiment& read, const std::string& key, bool json);

}  // namespace rxrun
