// oneDNN's view of the processor's caches, mended where the processor does not tell it. Includes no LibTorch.
#pragma once

#include <functional>
#include <string>

namespace rxrun {

// Some virtual machines hide the sizes of the processor's caches. oneDNN 3.7, as LibTorch 2.6 uses it, then reckons
// with caches of one byte: it computes slowly, and in the backward pass of wide channels-last convolutions it divides
// by how many rows fit into them, which is none, and the process ends with SIGFPE. Narrow convolutions come out plainly
// wrong (relative errors of 50 %). Limiting oneDNN's instruction set does not help above AVX.
//
// So this program answers oneDNN's question itself: the linker prefers a program's own function to a library's, and
// LibTorch's answer is passed on wherever it is a plausible one. Where oneDNN cannot be reached like this (it is hidden
// inside LibTorch), a child process tries such convolutions, and if that ends badly or with other numbers than
// LibTorch's own, oneDNN is switched off.
//
// To be called before LibTorch's threads start; does its work once in a process. Returns a sentence for the log about
// what was changed; mostly there is none.
std::string mend_onednn();

// The answer to "how large is a core's share of the cache of this level (1 to 3), in bytes", given the one that oneDNN
// has.
unsigned plausible_cache_size(int level, unsigned told);

// Runs `work` in a child process: whether it came to its end. No other thread may be running.
bool survives(const std::function<void()>& work);

}  // namespace rxrun
