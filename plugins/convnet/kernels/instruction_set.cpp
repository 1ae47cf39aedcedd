#include "instruction_set.h"

#include <cstdlib>
#include <string_view>

#include "batch_norm.h"
#include "grouped_convolution.h"
#include "max_pool.h"

namespace rxrun::kernels {
namespace {

InstructionSet most_allowed() {
  const char* const value = std::getenv("ATEN_CPU_CAPABILITY");
  const std::string_view capability = value != nullptr ? value : "";
  if (capability == "default") return InstructionSet::portable;
  if (capability == "avx2") return InstructionSet::avx2;
  return InstructionSet::avx512_bfloat16;
}

}  // namespace

bool has_instruction_set(InstructionSet set) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (set == InstructionSet::avx2) return avx2;
  if (set == InstructionSet::avx512) return avx512;
  if (set == InstructionSet::avx512_bfloat16) return avx512 && __builtin_cpu_supports("avx512bf16");
#endif
  return set == InstructionSet::portable;
}

InstructionSet best_instruction_set() {
  const InstructionSet most = most_allowed();
  InstructionSet best = InstructionSet::portable;
  for (const InstructionSet set : kInstructionSets) {
    if (set <= most && has_instruction_set(set)) best = set;
  }
  return best;
}

// Each kernel's functions are compiled once for each instruction set, in files of their own.
#if defined(__x86_64__)
#define RXRUN_KERNELS(Kernels, name)                                                        \
  extern const Kernels name##_portable, name##_avx2, name##_avx512, name##_avx512_bfloat16; \
  const Kernels& name##_kernels(InstructionSet set) {                                       \
    if (set == InstructionSet::avx512_bfloat16) return name##_avx512_bfloat16;              \
    if (set == InstructionSet::avx512) return name##_avx512;                                \
    if (set == InstructionSet::avx2) return name##_avx2;                                    \
    return name##_portable;                                                                 \
  }
#else
#define RXRUN_KERNELS(Kernels, name)    \
  extern const Kernels name##_portable; \
  const Kernels& name##_kernels(InstructionSet) { return name##_portable; }
#endif

RXRUN_KERNELS(BatchNormKernels, batch_norm)
RXRUN_KERNELS(GroupedConvolutionKernels, grouped_convolution)
RXRUN_KERNELS(MaxPoolKernels, max_pool)

}  // namespace rxrun::kernels
