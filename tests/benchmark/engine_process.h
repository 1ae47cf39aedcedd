// A benchmark's process set up as `rxrun` sets up its engine's.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "training/process.h"

namespace rxrun {

// Starts the program again where variables are missing: some are read while libraries load.
inline void take_engine_environment(char** argv) {
  const auto variables = engine_environment();
  if (variables.empty()) return;
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  execv("/proc/self/exe", argv);
  std::perror("execv");
  std::exit(1);
}

}  // namespace rxrun
