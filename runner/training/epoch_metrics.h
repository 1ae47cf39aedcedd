// What one epoch came to.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace rxrun {

struct EpochMetrics {
  std::int64_t epoch = 0;      // from 1
  double learning_rate = 0.0;  // after the scheduler's step, as the article prints it
  std::map<std::string, double>
      values;                      // "train_loss", "train_accuracy", "test_loss", "test_accuracy", "test_auc", ...
  double seconds = 0.0;            // training and evaluation
  double images_per_second = 0.0;  // of the training pass
  double share_waiting = 0.0;      // of the training pass, for data
  bool best = false;               // best so far by keep_best
  bool operator==(const EpochMetrics&) const = default;
};

}  // namespace rxrun
