// A training step recorded once and replayed. Where a step's operations are small, a GPU is done with them faster than
// a program asks for them one by one; a recorded step is asked for as a whole. Includes LibTorch: for .cpp files of
// this folder only.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "network/network.h"
#include "training/batch_feed.h"

namespace rxrun {

// What a step came to before the weights move.
struct Step {
  at::Tensor logits, loss, pixels;
  bool differentiated = false;  // the parameters have their gradients already
};

// A device's recorder.
class Graph {
 public:
  virtual ~Graph() = default;
  // Records what `work` asks of the device, without doing it. The tensors that it returns keep their memory; each
  // replay fills them anew, from what is then in the tensors that `work` reads.
  virtual std::vector<at::Tensor> record(const std::function<std::vector<at::Tensor>()>& work) = 0;
  virtual void replay() = 0;
};

// None where LibTorch was built without CUDA.
std::unique_ptr<Graph> make_cuda_graph();

// Why a training step that is recorded once would not be every step, as a sentence's part; empty: it would.
std::string why_not_recorded(const TrainingSpec& training, const Network& network);

class StepGraph {
 public:
  using Forward = std::function<Step(const BatchTensors&)>;  // up to the loss

  // For batches of `batch` images. The network is materialised and keeps its tensors as long as this lives.
  StepGraph(Network& network, std::int64_t batch, std::unique_ptr<Graph> graph);

  // Forward and backward for a batch; recorded at the first. Nothing for a batch of another size. What the step holds
  // is overwritten by the next. Throws Error (run) for a step that cannot be recorded.
  std::optional<Step> run(const BatchTensors& batch, const Forward& forward);

 private:
  void record(const BatchTensors& first, const Forward& forward);
  std::vector<at::Tensor> pass(const Forward& forward);  // logits, loss, gradients
  void warm_up(const Forward& forward);

  Network& network_;
  std::int64_t batch_;
  std::unique_ptr<Graph> graph_;
  BatchTensors input_;  // that the recorded step reads
  std::vector<at::Tensor> parameters_, results_;
};

}  // namespace rxrun
