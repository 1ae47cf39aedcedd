// The machine that LibTorch computes on: device, threads, precision. Includes no LibTorch.
#pragma once

#include <optional>
#include <string>

#include "experiment/experiment.h"

namespace rxrun {

struct Machine {
  std::string device;  // "cpu", "cuda:0"
  int threads = 1;
  Precision precision = Precision::float32;  // chosen, never automatic
  std::string libtorch;                      // "1.13.1"
  std::string cpu;                           // processor's name
  std::string instruction_set;
  std::string remark;  // what had to be changed so that it computes, in words; empty: nothing
};

// To be called first in a process, before LibTorch is used: sets threads, flushes denormals, picks a device and
// precision, and makes LibTorch's arithmetic repeatable. Throws Error for a device that is not there.
Machine set_up_machine(const MachineSpec& spec, Precision precision);

std::string processor_name();    // as the kernel tells it, or "unknown"
std::string libtorch_version();  // "1.13.1"

// The two choices of set_up_machine alone. Automatic precision is bfloat16 where the device multiplies it in hardware.
std::string choose_device(const std::string& device);
Precision choose_precision(Precision precision, const std::string& device);

// What to do where a LibTorch finds no CUDA device, by whether it has CUDA and by what the driver's cuInit answers.
std::string advice_without_gpu(bool built_with_cuda, std::optional<int> driver);

}  // namespace rxrun
