// What every layer has to hold, whatever it computes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plugin/catalog.h"

namespace rxrun {

struct CheckResult {
  std::string layer;
  std::string options;  // how they differ from the defaults
  std::string input;    // "3×16×16"
  std::string check;    // "gradients"
  bool passed = false;
  std::string detail;  // what is wrong
};

// Runs every check on every layer. `before` is told each one before it begins, so that a crash can be put down to it.
// Sets LibTorch to one thread.
std::vector<CheckResult> check_plugin(const PluginInfo& plugin, const std::function<void(const CheckResult&)>& before);

// The names of the checks, in order: builds, shape, input, aliasing, gradients, save_load, determinism, evaluation,
// batch_independence, memory_format, bfloat16, device.
const std::vector<std::string>& check_names();

}  // namespace rxrun
