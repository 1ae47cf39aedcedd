// An exponential moving average of a network's weights, which is evaluated in their place. Includes no LibTorch.
#pragma once

#include <cstdint>
#include <memory>

#include "network/network.h"
#include "training/optimizer.h"
#include "training/tensors.h"

namespace rxrun {

class WeightAverage {
 public:
  // Starts from the network's tensors as they are.
  WeightAverage(Network& network, double decay);
  ~WeightAverage();
  WeightAverage(const WeightAverage&) = delete;
  WeightAverage& operator=(const WeightAverage&) = delete;

  // A step of `optimizer`, whose parameters are the network's trainable_parameters(), and in the same pass over them
  // the average's: at the n-th step trained weights move by 1 - min(decay, (1 + n) / (10 + n)) towards the network's,
  // so that a short run does not keep its random start; buffers are copied. The step's `after` is the average's own.
  void step(Optimizer& optimizer, const Optimizer::Step& step);
  // Puts the average into the network and its own weights aside, and back again.
  void swap();

  NamedTensors tensors() const;  // handles on the average; only while it is not in the network
  std::int64_t updates() const;
  void set_updates(std::int64_t updates);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// For a scope: the average stands in the network. Nothing when there is none.
class AveragedWeights {
 public:
  explicit AveragedWeights(WeightAverage* average) : average_(average) {
    if (average_ != nullptr) average_->swap();
  }
  ~AveragedWeights() {
    if (average_ != nullptr) average_->swap();
  }
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  WeightAverage* average_;
};

}  // namespace rxrun
