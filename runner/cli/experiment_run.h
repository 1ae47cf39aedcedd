// One experiment from its checked file to a row in results.db: the main job, shared by `run` and `resume`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/checked_experiment.h"
#include "cli/console.h"
#include "data/dataset.h"
#include "network/network.h"
#include "network/summary.h"
#include "recording/recorder.h"
#include "training/initial_weights.h"
#include "training/machine.h"

namespace rxrun {

struct RunRequest {
  CommonOptions common;
  std::string file;        // for the record
  bool shares_images = false;  // with other processes: see read_dataset
  bool again = false;      // run anew though it has finished
  std::int64_t run = 0;    // the run to continue; 0: the newest of the identity
  std::string identity;    // that has to come out, to continue a run or to answer a point; empty: any
  std::function<void(const RunRecord&)> before_recording = {};  // may look at what the run will be, and throw
};

// Returns the exit code: 0, or 128 + n when signal n stopped it. Throws Error.
int run_experiment(const CheckedExperiment& checked, const RunRequest& request);

// The network for what `source` holds; no tensor is allocated.
Network network_for(const CheckedExperiment& checked, const Source& source);

// The weights that the experiment's network begins with, if it declares a file. Throws Error when they do not fit.
std::optional<InitialWeights> initial_weights_of(const CheckedExperiment& checked, const Network& network);

// Of the run that computes `checked` on data of these hashes from these weights.
std::string identity_of(const CheckedExperiment& checked, const std::string& content_hash, const std::string& split_hash,
                        Precision precision, const std::optional<InitialWeights>& weights);

// What a training step of the experiment takes memory for.
StepAssumptions step_of(const Experiment& experiment);

// The machine as the experiment wants it; what had to be changed so that it computes is told. To be called before LibTorch
// is used.
Machine set_up(const Experiment& experiment, Console& console);

// The folder, made if it is not there. Throws Error.
void make_folder(const std::filesystem::path& folder);

// The folder of the results, made if it is not there; warns where locks may not hold. Throws Error.
void make_results_folder(const std::filesystem::path& results, Console& console);

// Where decoded images are kept beside memory: those beyond data.memory, and with `shared` all, for the points of a sweep. In the
// cache of `results`; empty: nowhere.
ImageCaching image_caching(const std::filesystem::path& results, bool shared);
void show_reading(Console& console, const LoadProgress& progress);

// Reads the images behind `source`, with progress on the console, or takes them decoded from the cache.
Dataset read_dataset(const Experiment& experiment, std::shared_ptr<const Source> source, const std::filesystem::path& results,
                     Console& console, bool shared = false);

}  // namespace rxrun
