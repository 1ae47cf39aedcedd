// Optimizers: SGD, Adam, AdamW and RMSprop with the update rules of torch.optim. Includes no LibTorch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "experiment/experiment.h"
#include "training/tensors.h"

namespace rxrun {

class Optimizer {
 public:
  // Keeps handles on the parameters. Those of one dimension or none (biases, normalisation) are spared weight decay
  // when `decay_norm_and_bias` is off.
  Optimizer(const OptimizerSpec& spec, const NamedTensors& parameters);
  ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  // Told where weights stand after a step, while they are still in the cache: numbers first ... last - 1, in the order
  // of memory, of a parameter that is named by its place in the constructor's list. Once for each number of each
  // parameter, moved or not, by any thread.
  using AfterMove = std::function<void(std::size_t parameter, std::int64_t first, std::int64_t last)>;

  struct Step {
    double rate = 0.0;
    double max_norm = 0.0;  // all gradients as one vector are scaled down to this norm; 0: they stay as they are
    std::function<void()> differentiate = {};  // the step's backward pass; empty: the gradients are there already
    AfterMove after = {};
  };
  // Moves every parameter that has a gradient and drops the gradients, whose memory it may have used. From the second
  // step on a float32 parameter on the CPU moves during `differentiate`, as soon as its gradient is whole and still in
  // the cache, so that only a few gradients are there at a time, unless what is left of the backward pass holds the
  // parameter or its memory. All others, and with `max_norm`, which needs all gradients, every one move after it. The
  // numbers are the same. Throws Error (run) where a parameter's gradient comes in parts, as of a layer that runs a
  // backward pass within its own, and what `differentiate` throws; then some parameters have moved.
  void step(const Step& step);

  // Everything a continued training needs, as handles: "exp_avg/conv1.weight", and "step", a count for each parameter.
  NamedTensors state() const;

  // Numbers kept for each parameter.
  static int slots(const OptimizerSpec& spec);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rxrun
