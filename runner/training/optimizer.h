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

  // Moves every parameter that has a gradient, at this learning rate, and drops the gradients, whose memory it may have
  // used.
  void step(double rate, const AfterMove& after = {});

  // The same to the bit, with the backward pass, `differentiate`, in it: float32 parameters on the CPU move as soon as
  // their gradient is whole, while it is in the cache, so that only a few gradients are there at a time. (Where
  // clipping is asked for, which needs all gradients first, they move after it.) Throws Error (run) where a parameter's
  // gradient comes in parts, as of a layer that runs a backward pass within its own, and what `differentiate` throws;
  // then some parameters may have moved.
  void step(double rate, const std::function<void()>& differentiate, const AfterMove& after);

  // For the coming step: it takes the gradients scaled so that their norm as one vector is at most `maximum`.
  void clip_gradient_norm(double maximum);

  // Everything a continued training needs, as handles: "exp_avg/conv1.weight", and "step", a count for each parameter.
  NamedTensors state() const;

  // Numbers kept for each parameter.
  static int slots(const OptimizerSpec& spec);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rxrun
