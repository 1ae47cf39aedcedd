// The instruction sets that the kernels are compiled for, of which the best one is chosen when the program runs.
#pragma once

namespace rxrun::kernels {

enum class InstructionSet {
  portable,         // whatever the compiler makes of vectors of four
  avx2,             // with FMA
  avx512,           // F, BW, DQ and VL
  avx512_bfloat16,  // and BF16, which rounds in one instruction
};
inline constexpr InstructionSet kInstructionSets[] = {InstructionSet::portable, InstructionSet::avx2,
                                                      InstructionSet::avx512, InstructionSet::avx512_bfloat16};

// Does this processor have it, and the kernels were compiled for it?
bool has_instruction_set(InstructionSet set);
// The best one that it has and that the environment variable ATEN_CPU_CAPABILITY allows: "default" allows the portable
// one, "avx2" that too, and whatever else LibTorch takes the variable for, or none, all. So one variable limits what
// LibTorch compiled for several instruction sets and what these kernels are.
InstructionSet best_instruction_set();

}  // namespace rxrun::kernels
