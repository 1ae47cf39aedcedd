// The kernels for any processor; CMakeLists.txt gives this file its compiler options.
#define RXRUN_LANES 4
#include "batch_norm_kernel.h"
#include "grouped_convolution_kernel.h"
#include "max_pool_kernel.h"

namespace rxrun::kernels {

extern const BatchNormKernels batch_norm_portable;
const BatchNormKernels batch_norm_portable = batch_norm_functions(InstructionSet::portable);

extern const GroupedConvolutionKernels grouped_convolution_portable;
const GroupedConvolutionKernels grouped_convolution_portable = grouped_convolution_functions(InstructionSet::portable);

extern const MaxPoolKernels max_pool_portable;
const MaxPoolKernels max_pool_portable = max_pool_functions(InstructionSet::portable);

}  // namespace rxrun::kernels
