// How many cores this process may use.
#pragma once

#include <filesystem>
#include <string>

namespace rxrun {

// Those that it may run on (`taskset`, Slurm), or fewer where a control group (version 2: a container, a systemd unit)
// grants less time than that; a part of a core counts as one. At least 1. `root` is there for tests.
int available_cores(const std::filesystem::path& root = "/");

// That so many threads are more than those cores, and what follows (measured: 8 on 2 cores 8 times, 32 on 2 cores 30
// times as long); empty: they are not.
std::string too_many_threads(int threads);

}  // namespace rxrun
