// What one epoch came to.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace rxrun {

struct EpochMetrics {
  std::int64_t epoch = 0;  // from 1
  // After the scheduler's step, as the article prints it: the next epoch begins with it.
  double learning_rate = 0.0;
  // "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "validation_auc", ...
  std::map<std::string, double> values;
  double seconds = 0.0;            // training and evaluation
  double images_per_second = 0.0;  // of the training pass
  double share_waiting = 0.0;      // of the training pass, for data
  bool best = false;               // so far, by the metric of keep_best, whichever weights are kept
  bool operator==(const EpochMetrics&) const = default;
};

}  // namespace rxrun
