// What a run tells: its first lines, an epoch's line, its end; the same as events with --json.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cli/console.h"
#include "data/dataset.h"
#include "experiment/experiment.h"
#include "network/network.h"
#include "recording/recorder.h"
#include "training/machine.h"
#include "training/trainer.h"

namespace rxrun {

void report_start(Console& console, const std::string& run, std::int64_t id, const Experiment& experiment, const Network& network,
                  const Dataset& dataset, const Machine& machine, bool continues);

void report_end(Console& console, const std::filesystem::path& results, const std::string& run, std::int64_t id, const TrainingResult& result,
                const Dataset& dataset, double share_waiting);

// Loudly, when the images are generated ones.
void warn_if_generated(Console& console, const Experiment& experiment, const Dataset& dataset);

// For a run that is there already; returns the exit code.
int report_existing(Console& console, const std::filesystem::path& results, const ExistingRun& run);

// The weights files of a run: (path relative to results.db, SHA-256).
std::vector<std::pair<std::string, std::string>> artifacts_in(const std::filesystem::path& folder, const std::filesystem::path& results);

// Shows progress and epochs, and writes each epoch to results.db.
class RunReporter final : public TrainingObserver {
 public:
  RunReporter(Console& console, Recorder& recorder, std::int64_t run, std::filesystem::path folder, const Experiment& experiment);
  void on_resume(std::int64_t epoch) override;
  void on_step(const StepProgress& progress) override;
  void on_epoch(const EpochMetrics& metrics) override;
  void on_warning(const std::string& text) override;
  // Of the training time of the epochs so far, for data.
  double share_waiting() const { return training_ > 0.0 ? waiting_ / training_ : 0.0; }

 private:
  Console& console_;
  Recorder& recorder_;
  std::int64_t run_;
  std::filesystem::path folder_;  // relative to results.db
  std::int64_t epochs_;
  double epoch_seconds_ = 0.0;
  double training_ = 0.0, waiting_ = 0.0;  // seconds an image, summed over the epochs
  std::chrono::steady_clock::time_point confirmed_ = std::chrono::steady_clock::now();
};

}  // namespace rxrun
