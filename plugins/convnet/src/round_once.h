// LibTorch in bfloat16 where oneDNN has no bfloat16 for this processor: there it computes with programs of its own,
// which round a sum to 8 bits with each number added to it.
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

#include "kernel_tensors.h"
#include "onednn.h"

namespace rxrun::layers {

// compute(x); where that would be computed like this, because of x's type or of autocast, or in bfloat16 that is not
// `trusted`, compute(x in float32) without autocast, and the result rounded. Gradients likewise.
template <typename Compute>
torch::Tensor round_once(const torch::Tensor& x, const Compute& compute, bool trusted = true) {
  const bool bfloat16 =
      x.device().is_cpu() && (x.scalar_type() == at::kBFloat16 || (x.scalar_type() == at::kFloat && autocast_on_cpu()));
  if (!bfloat16 || (trusted && onednn::has_bfloat16())) return compute(x);
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastCPU);
  return compute(x.to(at::kFloat)).to(at::kBFloat16);
}

}  // namespace rxrun::layers
