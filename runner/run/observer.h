// Who watches a run: the command line, a program that runs experiments. Includes no LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "data/dataset.h"
#include "diagnostics/diagnostic.h"
#include "experiment/experiment.h"
#include "network/network.h"
#include "recording/recorder.h"
#include "training/machine.h"
#include "training/trainer.h"

namespace rxrun {

// A run that has its row and its folder, before its first step.
struct StartedRun {
  std::int64_t id = 0;
  std::string name;
  std::filesystem::path folder;
  bool continues = false;  // it was interrupted
  const Experiment& experiment;
  const Network& network;
  const Dataset& dataset;
  const Machine& machine;
};

// Called on the thread that runs, but for on_reading, which any thread may call, one at a time; in this order. What an
// observer throws (an Error, so that its reason is told) ends the run.
class RunObserver : public TrainingObserver {
 public:
  // Warnings of the experiment file and of the data, each with its place; other warnings go to on_warning.
  virtual void on_warnings(std::span<const Diagnostic>) {}
  virtual void on_reading(const LoadProgress&) {}
  virtual void on_read() {}
  // The experiment, but perhaps for its name, has been computed already: the end.
  virtual void on_existing(const ExistingRun&, const Experiment&) {}
  // What the run will be, before anything of it is written.
  virtual void on_record(const RunRecord&) {}
  virtual void on_start(const StartedRun&) {}
  // Here what a TrainingObserver is told, each epoch after it is in results.db. Then, after the run's row is complete:
  virtual void on_end(const StartedRun&, const TrainingResult&) {}
};

}  // namespace rxrun
