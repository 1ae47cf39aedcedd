// What has to be set in a process before LibTorch is loaded or first used. Includes no LibTorch, and needs none to run.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rxrun {

// To be called at the very start of main. Makes the C allocator keep the large blocks that a training step frees,
// instead of returning them to the kernel and faulting them in again a moment later.
void set_up_process();

// Environment variables, name and value, that the program which starts the engine sets: they are read when the engine's
// libraries are loaded, which is before its main. A variable that the user has set is not in the list.
std::vector<std::pair<std::string, std::string>> engine_environment();

// The processor multiplies bfloat16 in hardware (AVX512-BF16; those with AMX have it too).
bool has_fast_bfloat16();

}  // namespace rxrun
