#include "training/step_graph.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "network/forward.h"
#include "rxrun/layer.h"
#include "training/streams.h"

namespace rxrun {
namespace {

constexpr const char* kAdvice = "set machine.cuda_graph to false";

bool draws_random(Layer& layer) {
  bool draws = layer.draws_random();
  layer.visit_layers(
      [&](const std::string&, const std::string&, Layer& below) { draws = draws || below.draws_random(); });
  return draws;
}

// On a GPU, another stream than the program's own, for as long as it lives; each waits for the other.
class Aside {
 public:
  explicit Aside(const at::Device& device) {
    if (device.is_cpu()) return;
    const c10::impl::VirtualGuardImpl streams(device.type());
    own_ = streams.getStream(device);
    const c10::Stream aside = streams.getStreamFromGlobalPool(device);
    mark(*own_).block(aside);
    guard_.emplace(aside);
  }
  ~Aside() {
    if (guard_) mark(guard_->current_stream()).block(*own_);
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

 private:
  c10::optional<c10::Stream> own_;
  std::optional<c10::StreamGuard> guard_;
};

}  // namespace

std::string why_not_recorded(const TrainingSpec& training, const Network& network) {
  if (training.mixup > 0.0) return "training.mixup blends each batch anew";
  for (const NetworkLayer& layer : network.layers) {
    if (draws_random(*layer.module)) return layer.label + " draws random numbers in each step";
  }
  return {};
}

StepGraph::StepGraph(Network& network, std::int64_t batch, std::unique_ptr<Graph> graph)
    : network_(network), batch_(batch), graph_(std::move(graph)) {
  for (const NamedTensor& tensor : named_tensors(network)) {
    if (tensor.trainable) parameters_.push_back(tensor.tensor);
  }
}

std::optional<Step> StepGraph::run(const BatchTensors& batch, const Forward& forward) {
  if (batch.pixels.size(0) != batch_) return std::nullopt;
  if (results_.empty()) record(batch, forward);
  input_.pixels.copy_(batch.pixels, /*non_blocking=*/true);
  input_.labels.copy_(batch.labels, /*non_blocking=*/true);
  graph_->replay();
  // The optimizer lets go of the gradients; here they stay, because a replay writes where they were when it was
  // recorded.
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].mutable_grad() = results_[2 + i];
  return Step{results_[0], results_[1], input_.pixels, /*differentiated=*/true};
}

// As LibTorch wants it: on a stream of its own, after some steps in which libraries choose and allocate what they need,
// and with gradients that the recorded step allocates itself.
void StepGraph::record(const BatchTensors& first, const Forward& forward) {
  input_ = {first.pixels.clone(), first.labels.clone()};
  const Aside aside(first.pixels.device());
  warm_up(forward);
  try {
    results_ = graph_->record([&] { return pass(forward); });
  } catch (const std::exception& error) {
    const std::string what = error.what();
    throw Error(Failure::run,
                "the training step cannot be recorded as a CUDA graph: " + what.substr(0, what.find('\n')), kAdvice);
  }
}

std::vector<at::Tensor> StepGraph::pass(const Forward& forward) {
  const Step step = forward(input_);
  backward(step.loss);
  std::vector<at::Tensor> results = {step.logits.detach(), step.loss.detach()};
  for (const at::Tensor& parameter : parameters_) {
    results.push_back(parameter.grad());
    parameter.mutable_grad() = at::Tensor();
  }
  return results;
}

// Leaves the network as it was: steps move buffers, such as batch norm's means.
void StepGraph::warm_up(const Forward& forward) {
  constexpr int steps = 3;
  std::vector<NamedTensor> buffers = named_tensors(network_);
  std::erase_if(buffers, [](const NamedTensor& tensor) { return tensor.trainable; });
  std::vector<at::Tensor> before;
  for (const NamedTensor& buffer : buffers) before.push_back(buffer.tensor.clone());
  for (int step = 0; step < steps; ++step) pass(forward);
  std::vector<NamedTensor> after = named_tensors(network_);
  std::erase_if(after, [](const NamedTensor& tensor) { return tensor.trainable; });
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (!after[i].tensor.is_same(buffers[i].tensor))
      throw Error(Failure::run,
                  "the training step cannot be recorded as a CUDA graph: the layer of `" + buffers[i].name +
                      "` puts another tensor in its place in each step",
                  kAdvice);
    buffers[i].tensor.copy_(before[i]);
  }
}

}  // namespace rxrun
