#include "training/batch_feed.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "training/streams.h"

namespace rxrun {
namespace {

using Streams = c10::impl::VirtualGuardImpl;

// Whose first `like.size(0)` images have the shape and order of `like`; allocated anew only for more than ever before.
at::Tensor& grow(at::Tensor& kept, const at::Tensor& like, const at::Device& device) {
  if (kept.defined() && kept.size(0) >= like.size(0)) return kept;
  const at::TensorOptions options = like.options().pinned_memory(device.is_cuda());
  kept = like.dim() == 4 ? at::empty(like.sizes(), options, at::MemoryFormat::ChannelsLast)
                         : at::empty(like.sizes(), options);
  return kept;
}

}  // namespace

BatchFeed::BatchFeed(const Dataset& dataset, const at::Device& device) : dataset_(dataset), device_(device) {
  if (!device.is_cpu()) aside_ = Streams(device.type()).getStreamFromGlobalPool(device);
}

BatchTensors BatchFeed::operator()(Batch& batch) { return aside_ ? copy(view(batch)) : view(batch); }

BatchTensors BatchFeed::view(Batch& batch) const {
  const std::int64_t side = dataset_.image_size;
  return {
      at::from_blob(batch.pixels.data(), {batch.size, side, side, dataset_.channels}, at::kFloat).permute({0, 3, 1, 2}),
      at::from_blob(batch.labels.data(), {batch.size}, at::kLong)};
}

// Which memory is used again, and why nobody still reads or writes it:
// - The page-locked memory: the program waits until the copy of the batch before is done. That copy waited for the
//   last step but one before its own, and is made during the last: the GPU still has a step to do. The program is
//   never further ahead, so that the batches on the GPU do not become many.
// - The GPU's memory: it belongs to the stream of the copies and is used by the computing one. LibTorch's allocator is
//   told so, and gives freed memory to the next copy only when the computing stream is done with it.
BatchTensors BatchFeed::copy(const BatchTensors& batch) {
  const Streams streams(device_.type());
  const c10::Stream computing = streams.getStream(device_);
  streams.synchronizeStream(*aside_);
  const std::int64_t size = batch.pixels.size(0);
  const at::Tensor pixels = grow(pixels_, batch.pixels, device_).narrow(0, 0, size).copy_(batch.pixels);
  const at::Tensor labels = grow(labels_, batch.labels, device_).narrow(0, 0, size).copy_(batch.labels);

  if (before_) before_->block(*aside_);
  before_ = mark(computing);
  BatchTensors there;
  {
    const c10::StreamGuard guard(*aside_);
    there = {pixels.to(device_, /*non_blocking=*/true), labels.to(device_, /*non_blocking=*/true)};
  }
  mark(*aside_).block(computing);
  for (const at::Tensor* tensor : {&there.pixels, &there.labels})
    streams.recordDataPtrOnStream(tensor->storage().data_ptr(), computing);
  return there;
}

}  // namespace rxrun
