#include "rxrun/to_device.h"

namespace rxrun {

torch::Tensor to_device(const torch::Tensor& tensor, torch::Device device) {
  if (device.is_cpu()) return tensor;
  if (!device.is_cuda()) return tensor.to(device);
  // The page-locked memory is given back while the copy may be under way: LibTorch's allocator marked the stream when
  // the copy was asked for, and hands the memory out again only once the stream has come past the mark.
  return tensor.pin_memory().to(device, /*non_blocking=*/true);
}

}  // namespace rxrun
