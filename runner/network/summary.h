// Counts before data: the layer table, parameters, multiply-adds and memory.
#pragma once

#include <string>
#include <vector>

#include "network/network.h"

namespace rxrun {

struct SummaryRow {
  std::string name;  // "Conv2d-5": type and running number, as torchsummary prints them
  std::string path;  // "layer1.0.conv1"
  int depth = 1;     // 1: a layer of the network; 2: inside a block; ...
  Shape output;
  std::int64_t parameters = 0;     // own and of children that have no row
  std::int64_t multiply_adds = 0;  // the same, one image
};

// Rows are in order of execution, a block after what it is made of. Views (flatten) have none.
//
// Multiply-adds are those of convolutions and linear layers (and of whatever a plugin's layer declares), as the ResNet
// and ResNeXt papers and torchvision count them: one for each weight used, biases, normalisation, activations, pooling
// and additions left out.
struct Summary {
  Shape input;
  std::vector<SummaryRow> rows;
  std::int64_t parameters = 0;     // all of them are trained
  std::int64_t buffers = 0;        // numbers in batch-norm statistics and the like
  std::int64_t multiply_adds = 0;  // one image's forward
  // torchsummary's sizes, float32, one image, in bytes: input; every row's output, twice; parameters.
  std::int64_t input_bytes = 0, forward_backward_bytes = 0, parameter_bytes = 0;
  // Estimate for one training step: weights, gradients, optimizer state, activations kept for the backward pass;
  // without the program itself. summary.cpp says how near it comes.
  std::int64_t step_bytes = 0;
};

struct StepAssumptions {
  std::int64_t batch = 1;
  int optimizer_slots = 2;   // numbers an optimizer keeps for each parameter: Adam 2, SGD with momentum 1
  int activation_bytes = 4;  // of one number: float32 4, bfloat16 2
};

Summary summarize(const Network& network, const StepAssumptions& step = {});

// The table with torchsummary's columns and totals, and multiply-adds and a step's memory beside them. `depth`: rows
// below it are folded into the row that they are part of; 0: all rows.
std::string render_table(const Summary& summary, const StepAssumptions& step, int depth);
// {"input", "layers": [{"name", "path", "depth", "output", "parameters", "multiply_adds"}], "parameters", ...}
std::string render_json(const Summary& summary, const StepAssumptions& step, int depth);

// Rows deeper than `depth` added to the row that they are part of.
std::vector<SummaryRow> fold(const std::vector<SummaryRow>& rows, int depth);

}  // namespace rxrun
