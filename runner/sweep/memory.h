// How many processes fit into memory at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace rxrun {

// Bytes that new processes may take without anything being swapped out: what /proc/meminfo calls available, or less
// where a control group (version 2) allows less. 0 where the system does not tell. `root` is there for tests.
std::int64_t available_memory(const std::filesystem::path& root = "/");

// The most of `wanted` processes at a time that fit into `available` bytes whichever of `needs` they work on, at least
// one. All that are wanted when `available` is 0.
int jobs_that_fit(int wanted, std::vector<std::int64_t> needs, std::int64_t available);

}  // namespace rxrun
