// YAML text → checked Experiment: all that can be told before LibTorch is loaded.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "experiment/read.h"
#include "plugin/catalog.h"

namespace rxrun {

// An experiment file with its overrides: FILE [key=value ...]
struct ExperimentArguments {
  std::filesystem::path file;
  std::vector<std::string> overrides;
};

struct CheckedExperiment {
  ReadExperiment read;
  CheckedNetwork network;
  std::vector<Diagnostic> warnings;

  const Experiment& experiment() const { return read.experiment; }
};

// Reads the file with its overrides and checks every layer against the plugins: of one that lies in a folder of
// results, those that it may have (stored_plugins.h). Throws Error with all errors found, those that `diagnostics` has
// already first.
CheckedExperiment check_experiment(const ExperimentArguments& arguments, Diagnostics diagnostics = {});

}  // namespace rxrun
