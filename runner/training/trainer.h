// Trainer: network + dataset + schedule → a trained network, an epoch at a time. Includes no LibTorch.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "experiment/experiment.h"
#include "files/patience.h"
#include "network/network.h"
#include "training/epoch_metrics.h"
#include "training/initial_weights.h"
#include "training/metrics.h"
#include "training/training_state.h"

namespace rxrun {

struct StepProgress {
  std::int64_t epoch = 0, epochs = 0;
  Part part = Part::train;
  std::int64_t images_done = 0, images = 0;
  double loss = 0.0;  // running mean
  double images_per_second = 0.0;
};

// How far a training has come: `batches` of the epoch after `epochs`, 0 where it ends with an epoch.
struct Reached {
  std::int64_t epochs = 0, batches = 0, batches_per_epoch = 0;
};

// Who watches a training: the recorder, the terminal. Called on the training thread.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  // When a training is continued, before the first step: epochs beyond `reached` are not known to the checkpoint. The
  // last whole epoch of the checkpoint is told again by on_epoch right after, for it may have been cut off before it
  // was recorded.
  virtual void on_resume(const Reached& /*reached*/) {}
  virtual void on_step(const StepProgress&) {}
  virtual void on_epoch(const EpochMetrics&) {}  // after the epoch's checkpoint is on disk
  virtual void on_warning(const std::string& /*text*/) {}
};

struct TrainingOptions {
  std::filesystem::path folder;  // the run's: last.safetensors, best.safetensors
  bool resume = false;           // continue from last.safetensors when it is there
  int threads = 0;  // that it began with, for one that goes on without a checkpoint, which says it otherwise; 0: new
  const std::atomic<int>* stop = nullptr;   // a signal number asks for a stop after this batch
  std::string identity;                     // written into checkpoints; one of another run is refused
  const InitialWeights* initial = nullptr;  // that a new training begins with; none: drawn by the seed
  bool score_test = true;                   // at the end
  Patience patience = {};                   // with a full disk when a checkpoint is due
};

struct TrainingResult {
  enum class End { finished, stopped_early, interrupted } end = End::finished;
  Reached reached;  // all epochs, unless it was stopped
  std::int64_t best_epoch = 0;
  std::map<std::string, double> best;  // of the epoch whose weights are kept
  BestAccuracy best_accuracy;
  // Of the kept weights, with training.test_time_augmentation; none of a training that was interrupted.
  Predictions validation_predictions;
  // If its test part was to be scored: "test_accuracy", ..., and what they are measured of.
  std::map<std::string, double> test;
  std::optional<Predictions> test_predictions;
  double seconds = 0.0;  // those of an epoch that was stopped within included
};

// Materialises the network, trains it as `experiment` says, keeps weights by keep_best, and at the end scores them
// on the validation part once more and, if asked to, once on the test part. Throws what check_training() does, and Error
// (run) when the loss is not a number, naming the first layer whose output was not.
TrainingResult train(Network& network, const Dataset& dataset, const Experiment& experiment,
                     const TrainingOptions& options, TrainingObserver& observer);

// Scores given weights on a part. `weights`: a safetensors file; `class_counts`: images of each class in the part that
// they were trained on, which decide the loss's class weights whatever `dataset` holds. A signal number in `stop` ends
// it with an Error, as the reading of images (data/parallel.h).
Predictions evaluate(Network& network, const Dataset& dataset, const Experiment& experiment,
                     const std::filesystem::path& weights, const std::vector<std::int64_t>& class_counts, Part part,
                     const std::atomic<int>* stop = nullptr);

}  // namespace rxrun
