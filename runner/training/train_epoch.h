// One pass over the training part that learns. Includes no LibTorch.
#pragma once

#include <atomic>

#include "training/average.h"
#include "training/evaluate.h"
#include "training/optimizer.h"
#include "training/schedule.h"
#include "training/training_state.h"

namespace rxrun {

class Outputs;
class StepGraph;

// When the loss's value is looked at. On a GPU looking means waiting for all that it was asked to do, so it is done
// when progress is told, about ten times a second; the weights have then moved, and where the fault began can no longer
// be told.
enum class LossCheck { at_once, late };

struct Learning {
  Optimizer& optimizer;
  const Schedule& schedule;
  WeightAverage* average;  // or none
  const std::atomic<int>* stop;
  StepGraph* graph = nullptr;  // that replays steps whose loss is looked at late; or none
};

struct TrainedEpoch {
  // late_not_finite: found late; train the epoch again from its start with LossCheck::at_once.
  enum class End { finished, stopped, late_not_finite } end = End::finished;
  Predictions predictions;  // of the images as the network saw them, at the moment it did
  EpochProgress progress;   // all of it
};

// `epoch` counts from 1. Goes on behind the batches of `under_way`, whose outputs are in `outputs`; when it was
// stopped, the two hold how far it came. Throws Error (run) at the batch whose loss is not finite, naming epoch, batch,
// the last finite loss and where it began; the weights are then those before that batch.
TrainedEpoch train_epoch(const Setting& setting, const Learning& learning, std::int64_t epoch, LossCheck check,
                         EpochProgress& under_way, Outputs& outputs, Progress& progress);

// Batches that an epoch trains on: a last one of a single image is left out.
std::int64_t steps_per_epoch(std::int64_t images, std::int64_t batch);

}  // namespace rxrun
