// What a run tells: its first lines, an epoch's line, its end; the same as events with --json.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/common_options.h"
#include "cli/console.h"
#include "run/run.h"

namespace rxrun {

// Runs it in the results folder of this command line, until it is done or a signal stops it. Returns the exit code: 0,
// or 128 + n when signal n stopped it. Throws Error.
int run_and_report(const CheckedExperiment& checked, const CommonOptions& common, RunRequest request,
                   RunObserver& observer);

// Loudly, when the images are generated ones.
void warn_if_generated(Console& console, const Experiment& experiment, const Dataset& dataset);

// "this test part has been scored 3 times in these results".
std::string looks_in_words(std::int64_t looks);

void show_reading(Console& console, const LoadProgress& progress);

class RunReporter : public RunObserver {
 public:
  // `results`: for the command that asks for what there is now.
  RunReporter(Console& console, std::filesystem::path results) : console_(console), results_(std::move(results)) {}
  void on_warnings(std::span<const Diagnostic> warnings) override { console_.warnings(warnings); }
  void on_warning(const std::string& text) override { console_.warning(text); }
  void on_reading(const LoadProgress& progress) override { show_reading(console_, progress); }
  void on_read() override { console_.clear_progress(); }
  void on_existing(const ExistingRun& run, const Experiment& experiment) override;
  void on_start(const StartedRun& run) override;
  void on_resume(const Reached& reached) override;
  void on_step(const StepProgress& progress) override;
  void on_epoch(const EpochMetrics& metrics) override;
  void on_end(const StartedRun& run, const TrainingResult& result) override;

 private:
  // A command as it is typed where these results are.
  std::string with_results(const std::string& command) const;

  Console& console_;
  const std::filesystem::path results_;
  std::int64_t epochs_ = 0;
  std::vector<std::string> also_told_;  // metrics that decide something and that no epoch's line has anyway
  bool chooses_epoch_ = true;           // by a metric; otherwise none is the best
  double epoch_seconds_ = 0.0;
  double training_ = 0.0, waiting_ = 0.0;  // seconds an image, summed over the epochs
};

}  // namespace rxrun
