// The loader's batches as tensors on the device that computes. Includes LibTorch: for .cpp files of this folder only.
#pragma once

#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <torch/types.h>

#include <optional>

#include "data/loader.h"

namespace rxrun {

// Pixels {batch, channels, height, width} in channels-last memory, and labels {batch}.
struct BatchTensors {
  at::Tensor pixels, labels;
};

// On the CPU the tensors are the batch's own memory: they hold until the loader fills it again, and nothing is copied.
//
// On a GPU they are copies, and the batch may be filled again at once. A step is only asked for, so the program comes
// with the next batch while the GPU still computes; that batch is copied meanwhile, on a stream of its own, out of
// page-locked memory.
class BatchFeed {
 public:
  BatchFeed(const Dataset& dataset, const at::Device& device);
  BatchTensors operator()(Batch& batch);

 private:
  BatchTensors view(Batch& batch) const;  // the batch's own memory
  BatchTensors copy(const BatchTensors& batch);

  const Dataset& dataset_;
  at::Device device_;
  std::optional<c10::Stream> aside_;  // of the copies; none on the CPU
  std::optional<c10::Event> before_;  // on the computing stream, before the step that was asked for last
  at::Tensor pixels_, labels_;        // page-locked, of the largest batch so far
};

}  // namespace rxrun
