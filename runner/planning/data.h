// The data of a sweep's points, looked at once for all that share them.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/source.h"
#include "data/split.h"
#include "data/survey.h"
#include "planning/observer.h"
#include "plugin/checked_experiment.h"

namespace rxrun {

struct DataFacts {
  std::string content, split;  // hashes
  bool generated = false;
  ClassImages images;
  std::vector<Diagnostic> warnings;
};

// Each distinct data section is opened once, and its images are read once, whatever the seeds: the seed draws the
// split. Of generated data it makes the images too.
class SweepData {
 public:
  // Decoded images are taken from the cache of `results`, and left there; empty: nothing is written anywhere. `stop` as
  // for SweepPlanner.
  SweepData(std::filesystem::path results, PlanObserver& observer, const std::atomic<int>* stop)
      : results_(std::move(results)), observer_(observer), stop_(stop) {}

  std::shared_ptr<const Source> source(const CheckedExperiment& checked) { return opened(checked).source; }
  const DataFacts& facts(const CheckedExperiment& checked);

 private:
  struct Opened {
    std::shared_ptr<const Source> source;
    std::shared_ptr<const ImageSurvey> survey;
    std::map<std::string, DataFacts> facts;  // by seed and settings
  };

  Opened& opened(const CheckedExperiment& checked);
  std::shared_ptr<const ImageSurvey> survey(const Experiment& experiment, const std::shared_ptr<const Source>& source);

  const std::filesystem::path results_;
  PlanObserver& observer_;
  const std::atomic<int>* const stop_;
  std::map<std::string, Opened> opened_;
};

}  // namespace rxrun
