// A pass's outputs, kept on their device until its end, so that a GPU is not made to wait at every batch. Includes
// LibTorch: for .cpp files of this folder only.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/loader.h"
#include "training/metrics.h"
#include "training/optimizer.h"

namespace rxrun {

class Outputs {
 public:
  // What is kept of an image's probabilities: all; or the guess and the square error, in two numbers whatever the
  // classes.
  enum class Keep { probabilities, guesses };
  // Probabilities as long as those of a whole pass take 256 MiB at most.
  static Keep affordable(std::int64_t images, std::int64_t classes) {
    constexpr std::int64_t most = std::int64_t{1} << 26;
    return images * classes <= most ? Keep::probabilities : Keep::guesses;
  }

  explicit Outputs(Keep keep = Keep::probabilities) : keep_(keep) {}
  void add(const Batch& batch, const at::Tensor& logits, const at::Tensor& loss_sum, const at::Tensor& loss_weight);
  void clear() { *this = Outputs(keep_); }
  double mean_loss() const;  // waits for the device
  Predictions gather(std::int64_t classes) const;

  // All that it holds, for a checkpoint: {images, classes} or twice {images}, then {batches}, {images}; none before the
  // first add.
  NamedTensors tensors() const;
  // From what tensors() of one that keeps the same gave. Throws c10::Error or std::out_of_range for other tensors.
  void restore(const std::map<std::string, at::Tensor>& tensors, const at::Device& device);

 private:
  Keep keep_;
  Predictions predictions_;
  std::vector<at::Tensor> probabilities_, guesses_, square_errors_, loss_sums_, loss_weights_;
};

}  // namespace rxrun
