// A run that is in results.db already.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "plugin/checked_experiment.h"

namespace rxrun {

struct StoredRun {
  std::int64_t id = 0;
  std::string name;
  std::string identity;
  std::filesystem::path folder;
  std::string resolved;  // the experiment as results.db has it

  std::filesystem::path best_weights() const { return folder / "best.safetensors"; }
};

// `run`: number, name or the beginning of exactly one name. Throws Error when none or several fit.
StoredRun find_stored_run(const std::filesystem::path& results, const std::string& run);

// The experiment that the run was made from, as it was resolved then: experiment.yaml in its folder, which is written
// again from results.db when it is missing.
CheckedExperiment stored_experiment(const StoredRun& run);

// In what the data of these hashes are not those that the run was made with, in words; empty when they are.
std::vector<std::string> changes_of_data(const std::filesystem::path& results, const StoredRun& run,
                                         const std::string& content_hash, const std::string& split_hash);

}  // namespace rxrun
