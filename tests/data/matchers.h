// Tells what Error a call ends in.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "diagnostics/diagnostic.h"

namespace rxrun::test {

// All messages of the Error that `f` throws, with file and line; "no error" when it returns.
template <typename F>
std::string error_of(F f) {
  try {
    f();
  } catch (const Error& error) {
    std::string text;
    for (const Diagnostic& diagnostic : error.diagnostics())
      text += diagnostic.where.file + ":" + std::to_string(diagnostic.where.line) + ": " + diagnostic.message + "\n";
    return text;
  }
  return "no error";
}

}  // namespace rxrun::test
