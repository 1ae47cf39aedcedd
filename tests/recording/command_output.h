// What a command prints, or the Error that it ends with.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <sstream>
#include <string>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun::testing {

inline std::string output_of(const std::function<int()>& command) {
  std::ostringstream captured;
  std::streambuf* const before = std::cout.rdbuf(captured.rdbuf());
  int code = 0;
  try {
    code = command();
  } catch (...) {
    std::cout.rdbuf(before);
    throw;
  }
  std::cout.rdbuf(before);
  EXPECT_EQ(code, 0);
  return captured.str();
}

inline std::string error_of(const std::function<int()>& command) {
  try {
    output_of(command);
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::usage);
    return render(error.diagnostics());
  }
  ADD_FAILURE() << "no error";
  return {};
}

}  // namespace rxrun::testing
