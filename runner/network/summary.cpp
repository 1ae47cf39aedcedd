#include "network/summary.h"

#include <algorithm>
#include <limits>

#include "rxrun/layer.h"

namespace rxrun {
namespace {

constexpr std::int64_t float_bytes = 4;

// Sums that stop at the largest number instead of wrapping round.
std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}
std::int64_t multiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max() : product;
}

class Counter {
 public:
  explicit Counter(Summary& summary) : summary_(summary) {}

  // The layer's rows, its own last; without a type name it has none, and its counts are returned to whoever holds it.
  SummaryRow visit(Layer& layer, const std::string& path, const std::string& type_name, int depth) {
    SummaryRow row{"", path, depth, layer.output_shape(), 0, layer.multiply_adds()};
    for (const Layer::DeclaredTensor& tensor : layer.tensors()) count(tensor, row);
    const int below = type_name.empty() ? depth : depth + 1;
    for (Layer::Child& child : layer.children()) {
      const SummaryRow unlisted = visit(*child.layer, join_path(path, child.name), child.type_name, below);
      row.parameters = add(row.parameters, unlisted.parameters);
      row.multiply_adds = add(row.multiply_adds, unlisted.multiply_adds);
    }
    if (layer.children().empty()) {
      const std::int64_t outputs = num_elements(layer.output_shape());
      kept_ = add(kept_, outputs);
      largest_ = std::max(largest_, outputs);
    }
    if (type_name.empty()) return row;
    row.name = type_name + "-" + std::to_string(summary_.rows.size() + 1);
    summary_.multiply_adds = add(summary_.multiply_adds, row.multiply_adds);
    summary_.rows.push_back(row);
    return {};
  }

  std::int64_t kept() const { return kept_; }        // numbers that leaf layers put out for one image
  std::int64_t largest() const { return largest_; }  // the largest of these outputs

 private:
  void count(const Layer::DeclaredTensor& tensor, SummaryRow& row) {
    const std::int64_t size = num_elements(tensor.shape);
    if (!tensor.trainable) {
      summary_.buffers = add(summary_.buffers, size);
      return;
    }
    row.parameters = add(row.parameters, size);
    summary_.parameters = add(summary_.parameters, size);
  }

  Summary& summary_;
  std::int64_t kept_ = 0;
  std::int64_t largest_ = 0;
};

// Memory of one training step: weights, their gradients and the optimizer's numbers; the input and every leaf layer's
// output, kept for the backward pass (a block adds and rectifies in place, so its own output takes nothing more); and
// at the widest place the gradients of one layer's input and output. Rather too much: gradients are used up during the
// backward pass, and a block's inner outputs are made again where that is cheap. Measured (ResNeXt-50, 64×64, float32,
// Adam, LibTorch 1.13, batch 8 and 40): the process's peak grew by 6.5 to 7.7 MB an image where this says 7.8; and the
// program itself, LibTorch with it, took about 250 MB that are not counted here.
std::int64_t estimate_step(const Summary& summary, const Counter& counter, const StepAssumptions& step) {
  const std::int64_t weights =
      multiply(float_bytes, add(multiply(summary.parameters, 2 + step.optimizer_slots), summary.buffers));
  const std::int64_t input = multiply(num_elements(summary.input), float_bytes);
  const std::int64_t outputs = multiply(add(counter.kept(), 2 * counter.largest()), step.activation_bytes);
  return add(weights, multiply(step.batch, add(input, outputs)));
}

}  // namespace

Summary summarize(const Network& network, const StepAssumptions& step) {
  Summary summary;
  summary.input = network.input;
  Counter counter(summary);
  for (const NetworkLayer& layer : network.layers) {
    if (!layer.view) counter.visit(*layer.module, layer.path, layer.type_name, 1);
  }
  std::int64_t outputs = 0;
  for (const SummaryRow& row : summary.rows) outputs = add(outputs, num_elements(row.output));
  summary.input_bytes = multiply(num_elements(network.input), float_bytes);
  summary.forward_backward_bytes = multiply(outputs, 2 * float_bytes);
  summary.parameter_bytes = multiply(summary.parameters, float_bytes);
  summary.step_bytes = estimate_step(summary, counter, step);
  return summary;
}

std::vector<SummaryRow> fold(const std::vector<SummaryRow>& rows, int depth) {
  if (depth <= 0) return rows;
  std::vector<SummaryRow> folded;
  SummaryRow deeper;
  for (SummaryRow row : rows) {  // what a row is made of comes right before it
    if (row.depth > depth) {
      deeper.parameters = add(deeper.parameters, row.parameters);
      deeper.multiply_adds = add(deeper.multiply_adds, row.multiply_adds);
      continue;
    }
    row.parameters = add(row.parameters, deeper.parameters);
    row.multiply_adds = add(row.multiply_adds, deeper.multiply_adds);
    deeper = {};
    folded.push_back(std::move(row));
  }
  return folded;
}

}  // namespace rxrun
