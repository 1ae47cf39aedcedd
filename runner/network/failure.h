// Exceptions of a plugin's code → Error with the layer's name and place.
#pragma once

#include <exception>
#include <string>

#include "network/current_layer.h"
#include "network/network.h"

namespace rxrun {

// What an exception says, on one printable line of bounded length; LibTorch's without its backtrace.
std::string cause_of(const std::exception_ptr& exception);
bool is_out_of_memory(const std::exception_ptr& exception);

// Throws Error "<label> <what>: <cause>" at the layer's place. Error passes through; memory that ran out is told as
// such.
[[noreturn]] void throw_failure(const NetworkLayer& layer, const std::string& what, const std::exception_ptr& exception,
                                Failure failure);

// Runs `work` with the layer as the current one; whatever it throws leaves as Error.
template <typename Work>
auto in_layer(const NetworkLayer& layer, const char* what, Failure failure, Work&& work) {
  const LayerScope scope(layer.label.c_str());
  try {
    return work();
  } catch (...) {
    throw_failure(layer, what, std::current_exception(), failure);
  }
}

}  // namespace rxrun
