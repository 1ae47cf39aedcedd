// The main job: a checked experiment → a row in results.db. For the command line, and for any program that links it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "plugin/checked_experiment.h"
#include "run/observer.h"

namespace rxrun {

struct RunRequest {
  std::filesystem::path results = "results";  // folder of results.db and checkpoints/; made if it is not there
  std::string file;                           // for the record
  std::string command;                        // for the record
  bool shares_images = false;                 // with other processes: see read_dataset
  bool again = false;                         // run anew though it has finished
  bool score_test = true;                     // at the end; a point of a sweep leaves its test part alone
  std::int64_t run = 0;                       // the run to continue; 0: the newest of the identity
  std::string identity;  // that has to come out, to continue a run or to answer a point; empty: any
  // How long a results.db that is locked and a disk that is full are waited for where the run cannot go on without.
  std::chrono::milliseconds patience = std::chrono::minutes(10);
  // A signal number asks for a stop after this batch, or of the reading of images.
  const std::atomic<int>* stop = nullptr;
};

struct RunOutcome {
  enum class End { finished, interrupted, existing } end = End::finished;
  std::int64_t run = 0;  // of `existing` the one that is there already
  int signal = 0;        // that interrupted it
};

// Throws Error; a run that had begun is recorded as failed then. One that is stopped before that is not
// recorded, and its Error bears 128 + n (data/parallel.h).
RunOutcome run_experiment(const CheckedExperiment& checked, const RunRequest& request, RunObserver& observer);

}  // namespace rxrun
