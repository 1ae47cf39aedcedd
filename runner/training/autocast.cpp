#include "training/autocast.h"

#include <ATen/autocast_mode.h>
#include <torch/types.h>
#include <torch/version.h>

namespace rxrun {
namespace {

// 2.4 gave all devices one pair of functions.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
void enable(bool cuda, bool on) {
  const at::DeviceType device = cuda ? at::kCUDA : at::kCPU;
  at::autocast::set_autocast_enabled(device, on);
  if (on) at::autocast::set_autocast_dtype(device, at::kBFloat16);
}
#else
void enable(bool cuda, bool on) {
  if (cuda) {
    at::autocast::set_enabled(on);
    if (on) at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
  } else {
    at::autocast::set_cpu_enabled(on);
    if (on) at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
  }
}
#endif

}  // namespace

Autocast::Autocast(Precision precision, const std::string& device)
    : active_(precision == Precision::bfloat16), cuda_(device.starts_with("cuda")) {
  if (!active_) return;
  enable(cuda_, true);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (!active_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  enable(cuda_, false);
}

}  // namespace rxrun
