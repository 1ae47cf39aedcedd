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

// The resolved experiment as YAML: reading it again gives the same Experiment and an equal tree. Throws Error for one
// that no file can hold: too large with what it extends, or below a folder whose name is no text.
std::string write_experiment(const Node& tree);

// The resolved tree with what is relative to the working directory made absolute (data.path, plugins named by a path):
// it reads to the same experiment from any folder. Its canonical text stays the same.
Node frozen(const ReadExperiment& read);

// What of a resolved tree can alter a number of the run, as one text: equal meaning gives equal text, whether defaults
// are written or not. Sorted keys, numbers in their shortest form; without the keys that are declared no_identity
// (name, description, machine, paths, data.memory, ...); of a plugin named by a path the file's name. Options that a
// layer's table fills in are not in it: they come with the plugins.
std::string canonical_json(const Node& tree);

// The same without the seed, and without data.split.seed where that only repeats it: equal for runs that differ in
// nothing else that can alter a number. What the seed generates of the data is not in it.
std::string configuration_json(const Node& tree);

// Every value of a resolved tree: "training.optimizer.adam.lr" and "0.0001", "network.stages.0.depth" and "3". A list
// of scalars is one value, "[0.5, 0.5]"; what is null is left out.
std::vector<std::pair<std::string, std::string>> flatten(const Node& tree);

// "training.optimizer.adam.lr = 0.0001\n  experiments/a.yaml:31:27, over the default 0.001\n  learning rate: a number
// ...". `key` is a path or an unambiguous tail; a section gives all that is in it. Throws Error with the nearest keys
// otherwise. JSON, an array, when asked.
std::string explain(const ReadExperiment& read, const std::string& key, bool json);

}  // namespace rxrun
