// What a step of an optimizer works on, and the two ways to do it. Includes LibTorch: for .cpp files of this folder
// only.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "experiment/experiment.h"
#include "training/optimizer.h"

namespace rxrun {

// Parameters that have a gradient, with what is kept for them.
struct ParameterUpdate {
  std::vector<at::Tensor> parameters, gradients;
  std::vector<std::vector<at::Tensor>> slots;  // slot, parameter
  std::vector<bool> decays;                    // of each parameter: weight decay is for it
  std::vector<double> steps;                   // of each parameter, this one included
  std::vector<std::size_t> indices;            // of each parameter in the optimizer's list
  double rate = 0.0;
  double max_norm = 0.0;  // of all gradients as one vector, which are scaled down to it; 0: they stay as they are
};

// Float32 in the CPU's memory, in any order without gaps.
bool takes_one_pass(const at::Tensor& parameter);

// Everything in one pass over memory, for parameters that all take it. May use the gradients' memory.
void update_in_one_pass(const OptimizerSpec& spec, ParameterUpdate& update, const Optimizer::AfterMove& after);

// Operation by operation, on any device. Uses the gradients' memory.
void update_by_libtorch(const OptimizerSpec& spec, ParameterUpdate& update);

}  // namespace rxrun
