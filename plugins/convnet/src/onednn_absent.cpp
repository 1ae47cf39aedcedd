#include <ATen/Context.h>

#include "kernels/instruction_set.h"
#include "onednn.h"

namespace rxrun::layers::onednn {

// As LibTorch asks before it lets its own oneDNN compute in bfloat16.
bool has_bfloat16() {
  return at::hasMKLDNN() && at::globalContext().userEnabledMkldnn() &&
         kernels::has_instruction_set(kernels::InstructionSet::avx512);
}

bool can_multiply(const Matrix&, const Matrix&, const Matrix&, Addend) { return false; }
void multiply(const Matrix&, const Matrix&, const Matrix&, void*) { TORCH_CHECK(false, "built without oneDNN"); }

std::shared_ptr<const Convolution> Convolution::make(at::IntArrayRef, torch::ScalarType, const torch::Tensor&,
                                                     const torch::Tensor&, const Window&, std::int64_t, After,
                                                     const std::vector<std::shared_ptr<const Convolution>>&) {
  return nullptr;
}

}  // namespace rxrun::layers::onednn
