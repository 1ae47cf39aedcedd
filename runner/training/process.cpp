#include "training/process.h"

#include <malloc.h>

#include <climits>
#include <cstdlib>

namespace rxrun {

void set_up_process() {
  // No block is mapped on its own, and free memory at the top of the heap is never given back: after the first step the
  // allocator serves every tensor from pages that are already there.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  mallopt(M_TOP_PAD, 64 << 20);
}

std::vector<std::pair<std::string, std::string>> engine_environment() {
  std::vector<std::pair<std::string, std::string>> variables;
  const auto add = [&](const char* name, const char* value) {
    if (std::getenv(name) == nullptr) variables.emplace_back(name, value);
  };
  // LibTorch 1.13 takes AVX2 even where there is AVX-512.
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    add("ATEN_CPU_CAPABILITY", "avx512");
  }
  // Huge pages for the heap: a step's page faults become few.
  add("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
  // Threads that wait for each other sleep soon instead of spinning for a millisecond: where the cores are shared, with
  // the loader's threads or with other programs, those that spin keep those that work from working.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) add("GOMP_SPINCOUNT", "10000");
  // Without it cuBLAS may add in another order from run to run.
  add("CUBLAS_WORKSPACE_CONFIG", ":4096:8");
  return variables;
}

bool has_fast_bfloat16() { return __builtin_cpu_supports("avx512bf16"); }

}  // namespace rxrun
