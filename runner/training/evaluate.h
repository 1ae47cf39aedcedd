// One pass over a part without learning. Includes no LibTorch.
#pragma once

#include <atomic>
#include <optional>

#include "data/dataset.h"
#include "network/network.h"
#include "training/loss.h"
#include "training/metrics.h"
#include "training/progress.h"

namespace rxrun {

// What every pass of a run works with.
struct Setting {
  Network& network;
  const Dataset& dataset;
  const Experiment& experiment;
  const Loss& loss;
  std::string device;
  Precision precision = Precision::float32;
  int loader_threads = 1;
};

// nullopt when `stop` asked to end. `progress` has begun.
std::optional<Predictions> evaluate_part(const Setting& setting, Part part, TestTimeAugmentation augmentation,
                                         Progress& progress, const std::atomic<int>* stop);

// Images of each class in the training part.
std::vector<std::int64_t> class_counts(const Dataset& dataset);

int choose_loader_threads(const MachineSpec& spec);

// Materialises the network on the device, weights in channels-last order.
void prepare(Network& network, std::uint64_t seed, const std::string& device);

// Handles on the network's parameters, buffers left out.
NamedTensors trainable_parameters(const Network& network);

}  // namespace rxrun
