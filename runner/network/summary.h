// Counts before data: the layer table, parameters, multiply-adds and memory.
#pragma once

#include <string>
#include <vector>

#include "network/network.h"

namespace rxrun {

struct SummaryRow {
  std::string name;         // "Conv2d-5": type and running number, as torchsummary prints them
  std::string path;         // "layer1.0.conv1"
  int depth = 1;            // 1: a layer of the network; 2: inside a block; ...
  Shape output;
  std::int64_t parameters = 0;     // own, children excluded
  std::int64_t multiply_adds = 0;  // own, one image
};

struct Summary {
  std::vector<SummaryRow> rows;
  std::int64_t parameters = 0;
  std::int64_t trainable_parameters = 0;
  std::int64_t buffers = 0;             // numbers in batch-norm statistics and the like
  std::int64_t multiply_adds = 0;       // one image's forward
  // torchsummary's sizes, float32, one image, in bytes: input; every row's output, twice; parameters.
  std::int64_t input_bytes = 0, forward_backward_bytes = 0, parameter_bytes = 0;
  // Estimate for one training step: weights, gradients, optimizer state, activations kept for the backward pass.
  std::int64_t step_bytes = 0;
};

struct StepAssumptions {
  std::int64_t batch = 1;
  int optimizer_slots = 2;     // numbers an optimizer keeps for each parameter: Adam 2, SGD with momentum 1
  int activation_bytes = 4;    // of one number: float32 4, bfloat16 2
};

Summary summarize(const Network& network, const StepAssumptions& step = {});
std::string render_table(const Summary& summary, const StepAssumptions& step, int depth);  // depth 0: all rows
std::string render_json(const Summary& summary, const StepAssumptions& step, int depth);

}  // namespace rxrun
