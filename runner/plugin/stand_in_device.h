// A device that is not the CPU, for machines that have no other: what belongs on a GPU can be tested there. Its memory
// is the CPU's and the CPU computes for it, but an operation that mixes its tensors with the CPU's fails, as one on a
// GPU does, and so does one that is given the CPU's generator. Includes LibTorch: for .cpp files only.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace rxrun {

// Makes LibTorch know the device. To be called before the first backward pass, for which LibTorch counts the devices
// once.
at::Device stand_in_device();

// What its streams were asked for since the last call, in order: "stream 1 waits for event 2". Stream 0 is the one that
// computes.
std::vector<std::string> take_stream_log();

}  // namespace rxrun
