// The learning rate as a value: what it is at a step, and how a finished epoch changes it. Includes no LibTorch.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "experiment/experiment.h"

namespace rxrun {

// What reduce_on_plateau has seen so far: written into checkpoints.
struct PlateauState {
  bool seen = false;  // one epoch at least
  double best = 0.0;
  std::int64_t bad_epochs = 0;
  double rate = 0.0;  // without warm-up
  bool operator==(const PlateauState&) const = default;
};

// Step, multi_step, exponential, cosine and reduce_on_plateau change the rate between epochs; one_cycle, polynomial and
// the warm-up change it at every step. Formulas are those of torch.optim.lr_scheduler.
class Schedule {
 public:
  Schedule(const ScheduleSpec& spec, double lr, std::int64_t epochs, std::int64_t steps_per_epoch);

  // `epoch` and `step` count from 0. A place beyond the end has the last step's rate.
  double rate(std::int64_t epoch, std::int64_t step) const;

  // To be called once after each epoch; only reduce_on_plateau looks at the metrics. Throws Error when its metric was
  // not measured.
  void after_epoch(const std::map<std::string, double>& metrics);

  PlateauState initial_plateau() const { return {.rate = lr_}; }
  const PlateauState& plateau() const { return plateau_; }
  void restore(const PlateauState& plateau) { plateau_ = plateau; }

 private:
  double rate_without_warm_up(std::int64_t epoch, std::int64_t step) const;

  ScheduleSpec spec_;
  double lr_;
  std::int64_t epochs_, steps_per_epoch_;
  PlateauState plateau_;
};

}  // namespace rxrun
