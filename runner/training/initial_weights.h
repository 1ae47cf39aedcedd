// Fine-tuning: the weights of a safetensors file as the values that a network begins with. Includes no LibTorch.
#pragma once

#include <string>

#include "experiment/experiment.h"
#include "network/network.h"
#include "training/safetensors.h"

namespace rxrun {

struct InitialWeights {
  Safetensors file;    // without the tensors that are left out
  std::string sha256;  // of the whole file: part of a run's identity
};

// Every tensor of the network has to be in the file with its shape, and the other way round, but for those that
// `spec.except` leaves out, of the network or of the file; num_batches_tracked may be missing. Throws Error, at the
// place in the YAML, with all tensors that do not fit. The network need not be materialised.
InitialWeights read_initial_weights(const InitialWeightsSpec& spec, const Network& network);

// Into a materialised network; what is left out keeps its values.
void fill(Network& network, const InitialWeights& weights);

}  // namespace rxrun
