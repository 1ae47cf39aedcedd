// The libraries of tests/bad_plugins, and what the error for one of them says.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "diagnostics/diagnostic.h"

namespace rxrun::testing {

inline std::filesystem::path bad_plugin(const std::string& name) {
  return std::filesystem::path(RXRUN_BUILD_DIR) / "tests/bad_plugins" / (name + ".so");
}

// The message of the Error that `work` throws; "no error" when it throws none.
inline std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace rxrun::testing
