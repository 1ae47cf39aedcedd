// The stations of a run, for the commands that need some of them: machine, network, data. Includes no LibTorch.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>

#include "data/dataset.h"
#include "network/network.h"
#include "network/summary.h"
#include "plugin/checked_experiment.h"
#include "run/observer.h"
#include "training/initial_weights.h"
#include "training/machine.h"

namespace rxrun {

// The machine as the experiment wants it; what had to be changed so that it computes is told. To be called before
// LibTorch is used.
Machine set_up(const Experiment& experiment, RunObserver& observer);

// The folder, made if it is not there. Throws Error.
void make_folder(const std::filesystem::path& folder);

// The folder of the results, made if it is not there; warns where locks may not hold. Throws Error.
void make_results_folder(const std::filesystem::path& results, RunObserver& observer);

// The network for what `source` holds; no tensor is allocated.
Network network_for(const CheckedExperiment& checked, const Source& source);

// The weights that the experiment's network begins with, if it declares a file. Throws Error when they do not fit.
std::optional<InitialWeights> initial_weights_of(const CheckedExperiment& checked, const Network& network);

// What a training step of the experiment takes memory for, on this machine.
StepAssumptions step_of(const Experiment& experiment);

// Where decoded images are kept beside memory: those beyond data.memory, and with `shared` all, for the points of a
// sweep. In the cache of `results`; empty: nowhere.
ImageCaching image_caching(const std::filesystem::path& results, bool shared);

// Reads the images behind `source`, or takes them decoded from the cache. A signal number in `stop` ends it
// (data/parallel.h).
Dataset read_dataset(const Experiment& experiment, std::shared_ptr<const Source> source,
                     const std::filesystem::path& results, RunObserver& observer, bool shared = false,
                     const std::atomic<int>* stop = nullptr);

}  // namespace rxrun
