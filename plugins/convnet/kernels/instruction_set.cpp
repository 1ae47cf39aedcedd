#include "instruction_set.h"

#include "batch_norm.h"
#include "grouped_convolution.h"

namespace rxrun::kernels {

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
  InstructionSet best = InstructionSet::portable;
  for (const InstructionSet set : kInstructionSets) {
    if (has_instruction_set(set)) best = set;
  }
  return best;
}

extern const BatchNormKernels batch_norm_portable;
extern const GroupedConvolutionKernels grouped_convolution_portable;
#if defined(__x86_64__)
extern const BatchNormKernels batch_norm_avx2, batch_norm_avx512, batch_norm_avx512_bfloat16;
extern const GroupedConvolutionKernels grouped_convolution_avx2, grouped_convolution_avx512,
    grouped_convolution_avx512_bfloat16;
#endif

const BatchNormKernels& batch_norm_kernels(InstructionSet set) {
#if defined(__x86_64__)
  if (set == InstructionSet::avx512_bfloat16) return batch_norm_avx512_bfloat16;
  if (set == InstructionSet::avx512) return batch_norm_avx512;
  if (set == InstructionSet::avx2) return batch_norm_avx2;
#endif
  static_cast<void>(set);
  return batch_norm_portable;
}

const GroupedConvolutionKernels& grouped_convolution_kernels(InstructionSet set) {
#if defined(__x86_64__)
  if (set == InstructionSet::avx512_bfloat16) return grouped_convolution_avx512_bfloat16;
  if (set == InstructionSet::avx512) return grouped_convolution_avx512;
  if (set == InstructionSet::avx2) return grouped_convolution_avx2;
#endif
  static_cast<void>(set);
  return grouped_convolution_portable;
}

}  // namespace rxrun::kernels
