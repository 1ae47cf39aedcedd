// The kernels for AVX-512 with BF16; CMakeLists.txt gives this file its compiler options.
#define RXRUN_LANES 16
#include "batch_norm_kernel.h"
#include "grouped_convolution_kernel.h"
#include "max_pool_kernel.h"

namespace rxrun::kernels {

extern const BatchNormKernels batch_norm_avx512_bfloat16;
const BatchNormKernels batch_norm_avx512_bfloat16 = batch_norm_functions(InstructionSet::avx512_bfloat16);

extern const GroupedConvolutionKernels grouped_convolution_avx512_bfloat16;
const GroupedConvolutionKernels grouped_convolution_avx512_bfloat16 =
    grouped_convolution_functions(InstructionSet::avx512_bfloat16);

extern const MaxPoolKernels max_pool_avx512_bfloat16;
const MaxPoolKernels max_pool_avx512_bfloat16 = max_pool_functions(InstructionSet::avx512_bfloat16);

}  // namespace rxrun::kernels
