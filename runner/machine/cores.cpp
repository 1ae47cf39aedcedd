#include "machine/cores.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <vector>

#include "machine/control_group.h"

namespace rxrun {
namespace {

// std::thread::hardware_concurrency() tells what is switched on, not what this process may run on, in some C libraries.
int cores_to_run_on() {
  for (std::size_t sets = 1; sets <= 1024; sets *= 2) {  // the kernel refuses a set with room for too few cores
    std::vector<cpu_set_t> set(sets);
    const std::size_t bytes = sets * sizeof(cpu_set_t);
    CPU_ZERO_S(bytes, set.data());
    if (sched_getaffinity(0, bytes, set.data()) == 0) return CPU_COUNT_S(bytes, set.data());
    if (errno != EINVAL) break;
  }
  return 1;
}

}  // namespace

int available_cores(const std::filesystem::path& root) {
  int cores = cores_to_run_on();
  for_each_control_group(root, [&](const std::filesystem::path& group) {
    double quota = 0.0, period = 0.0;  // microseconds; "max" is no quota
    if (std::ifstream(group / "cpu.max") >> quota >> period && quota > 0.0 && period > 0.0)
      cores = static_cast<int>(std::min<double>(cores, std::ceil(quota / period)));
  });
  return std::max(1, cores);
}

std::string too_many_threads(int threads) {
  const int cores = available_cores();
  if (threads <= cores) return {};
  return std::to_string(threads) + " threads have to take turns on " + std::to_string(cores) +
         (cores == 1 ? " core" : " cores") + ", and a step takes up to " + std::to_string(threads) + " times as long";
}

}  // namespace rxrun
