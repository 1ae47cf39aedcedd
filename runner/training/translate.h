// LibTorch's exceptions at this folder's border. Includes no LibTorch.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "diagnostics/diagnostic.h"

namespace rxrun {

// Throws std::bad_alloc when LibTorch ran out of memory, else Error(run) with the first line of what it said.
[[noreturn]] void throw_translated(const std::exception_ptr& exception);

template <typename Work>
auto translated(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error&) {
    throw;
  } catch (...) {
    throw_translated(std::current_exception());
  }
}

}  // namespace rxrun
