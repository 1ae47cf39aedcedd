#include "onednn.h"

namespace rxrun::layers::onednn {

bool can_multiply(const Matrix&, const Matrix&, const Matrix&, Addend) { return false; }
void multiply(const Matrix&, const Matrix&, const Matrix&, void*) { TORCH_CHECK(false, "built without oneDNN"); }

std::shared_ptr<const Convolution> Convolution::make(at::IntArrayRef, torch::ScalarType, const torch::Tensor&,
                                                     const torch::Tensor&, const Window&, std::int64_t, After,
                                                     const std::vector<std::shared_ptr<const Convolution>>&) {
  return nullptr;
}

}  // namespace rxrun::layers::onednn
