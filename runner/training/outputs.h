// A pass's outputs, kept on their device until its end, so that a GPU is not made to wait at every batch. Includes LibTorch:
// for .cpp files of this folder only.
#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "data/loader.h"
#include "training/metrics.h"
#include "training/optimizer.h"

namespace rxrun {

// The batch's pixels as a channels-last tensor and its labels, on `device`. On the CPU they are the batch's own memory.
struct BatchTensors {
  at::Tensor pixels, labels;
};
BatchTensors to_tensors(Batch& batch, const Dataset& dataset, const at::Device& device);

class Outputs {
 public:
  void add(const Batch& batch, const at::Tensor& logits, const at::Tensor& loss_sum, const at::Tensor& loss_weight);
  double mean_loss() const;  // waits for the device
  Predictions gather(std::int64_t classes) const;

  // All that it holds, for a checkpoint: {images, classes}, {batches}, {images}; none before the first add.
  NamedTensors tensors() const;
  // From what tensors() gave. Throws c10::Error or std::out_of_range for tensors that are not its own.
  void restore(const std::map<std::string, at::Tensor>& tensors, const at::Device& device);

 private:
  Predictions predictions_;
  std::vector<at::Tensor> probabilities_, loss_sums_, loss_weights_;
};

}  // namespace rxrun
