// Writes what a training tells to results.db, and then passes it on.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "recording/recorder.h"
#include "training/trainer.h"

namespace rxrun {

class RecordingObserver final : public TrainingObserver {
 public:
  // Both references have to outlive it.
  RecordingObserver(Recorder& recorder, std::int64_t run, TrainingObserver& next);
  void on_resume(const Reached& reached) override;
  void on_step(const StepProgress& step) override;
  void on_epoch(const EpochMetrics& metrics) override;
  void on_warning(const std::string& text) override;

 private:
  Recorder& recorder_;
  const std::int64_t run_;
  TrainingObserver& next_;
  std::chrono::steady_clock::time_point confirmed_ = std::chrono::steady_clock::now();
};

}  // namespace rxrun
