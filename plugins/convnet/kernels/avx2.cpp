// The kernels for AVX2; CMakeLists.txt gives this file its compiler options.
#define RXRUN_LANES 8
#include "batch_norm_kernel.h"
#include "grouped_convolution_kernel.h"
#include "max_pool_kernel.h"

namespace rxrun::kernels {

extern const BatchNormKernels batch_norm_avx2;
const BatchNormKernels batch_norm_avx2 = batch_norm_functions(InstructionSet::avx2);

extern const GroupedConvolutionKernels grouped_convolution_avx2;
const GroupedConvolutionKernels grouped_convolution_avx2 = grouped_convolution_functions(InstructionSet::avx2);

extern const MaxPoolKernels max_pool_avx2;
const MaxPoolKernels max_pool_avx2 = max_pool_functions(InstructionSet::avx2);

}  // namespace rxrun::kernels
