// What a training has come to, besides tensors: written into last.safetensors. Includes no LibTorch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "experiment/experiment.h"
#include "training/epoch_metrics.h"
#include "training/schedule.h"

namespace rxrun {

// The best value of a watched metric so far, and how many epochs ago.
struct Watch {
  std::optional<double> best;
  std::int64_t epochs_since = 0;

  // True when `value` is better than the best by more than `minimum_change`; not-a-number never is.
  bool improves(double value, bool maximize, double minimum_change);
  bool operator==(const Watch&) const = default;
};

// How far the epoch under way has come, when a signal ended the run within it.
struct EpochProgress {
  std::int64_t batches = 0, images = 0;
  double seconds = 0.0, seconds_waited = 0.0;  // waited for data
  bool operator==(const EpochProgress&) const = default;
};

// The epoch whose validation accuracy is the best so far, whichever weights are kept; epoch 0: none was measured.
struct BestAccuracy {
  std::int64_t epoch = 0;
  double value = 0.0;
  bool operator==(const BestAccuracy&) const = default;
};

struct TrainingState {
  std::int64_t epoch = 0;   // finished
  EpochProgress under_way;  // of the epoch after that
  std::int64_t best_epoch = 0;
  std::map<std::string, double> best;  // metrics of the best epoch
  BestAccuracy best_accuracy;
  Watch keep_best, early_stopping;
  PlateauState plateau;
  std::int64_t average_updates = 0;
  int threads = 0;       // that sums were divided among: another number rounds otherwise
  double seconds = 0.0;  // of all finished epochs
  EpochMetrics last;     // of the epoch that it ends with
  bool operator==(const TrainingState&) const = default;
};

// Every number comes back to the bit, not-a-number and infinities too. from_json throws Error for text that is not a
// state.
std::string to_json(const TrainingState& state);
TrainingState state_from_json(const std::string& text);

}  // namespace rxrun
