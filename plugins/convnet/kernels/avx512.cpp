// The kernels for AVX-512; CMakeLists.txt gives this file its compiler options.
#define RXRUN_LANES 16
#include "batch_norm_kernel.h"
#include "grouped_convolution_kernel.h"
#include "max_pool_kernel.h"

namespace rxrun::kernels {

extern const BatchNormKernels batch_norm_avx512;
const BatchNormKernels batch_norm_avx512 = batch_norm_functions(InstructionSet::avx512);

extern const GroupedConvolutionKernels grouped_convolution_avx512;
const GroupedConvolutionKernels grouped_convolution_avx512 = grouped_convolution_functions(InstructionSet::avx512);

extern const MaxPoolKernels max_pool_avx512;
const MaxPoolKernels max_pool_avx512 = max_pool_functions(InstructionSet::avx512);

}  // namespace rxrun::kernels
