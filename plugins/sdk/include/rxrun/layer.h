// Layer: the base class of everything a network is made of.
//
// A layer is declared first and given memory later. Its constructor gets the options and the input's shape, and
// declares parameters, buffers, children and the output's shape; nothing is allocated, so a network of any size can be
// counted and checked. `materialize` then fills the declared tensors. `forward` runs only after that.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rxrun/export.h"
#include "rxrun/initializer.h"
#include "rxrun/shape.h"

namespace rxrun {

// What a layer throws when it cannot be built for an input; the runner adds the layer's name and its line in the YAML.
class RXRUN_API LayerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class RXRUN_API Layer {
 public:
  struct DeclaredTensor {
    std::string name;     // within this layer: "weight"
    torch::Tensor* slot;  // the member it lives in
    Shape shape;
    Initializer initial;
    bool trainable;  // parameter (true) or buffer (false)
    torch::ScalarType type = torch::kFloat;
  };
  struct Child {
    std::string name;       // "conv1", or "downsample.0"
    std::string type_name;  // its row in the summary: "Conv2d"; empty: no row
    std::unique_ptr<Layer> layer;
  };

  virtual ~Layer();
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  // x: {batch, input shape...}; returns {batch, output_shape()...}. Must not change x.
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;

  // Known from construction.
  const Shape& input_shape() const { return input_; }
  const Shape& output_shape() const { return output_; }
  std::int64_t multiply_adds() const { return multiply_adds_; }  // one sample's forward, without children
  const std::vector<DeclaredTensor>& tensors() const {
    return tensors_;
  }  // own parameters and buffers, in order of declaration
  const std::vector<Child>& children() const { return children_; }  // in order of declaration
  std::vector<Child>& children() { return children_; }
  bool draws_random() const { return draws_random_; }

  bool training() const { return training_; }

  // For the runner. Each acts on the whole tree below.
  void set_training(bool training);
  // Allocates every declared tensor on `device` and fills it; parameters require gradients from then on. Each tensor's
  // draws depend on `seed` and its full name only, and are made on the CPU, so that every device starts alike. Throws
  // LayerError for a tensor that this machine cannot hold.
  void materialize(std::uint64_t seed, torch::Device device, const std::string& path = {});
  // Makes the draws of the coming forward a function of `step_key` and each layer's path. The generator is the CPU's:
  // draw on the CPU and move the result to the input's device.
  void reseed(std::uint64_t step_key, const std::string& path = {});
  // Calls visit(full name, declared tensor) for the layer and all below it, depth first, in order of declaration.
  void visit_tensors(const std::function<void(const std::string&, DeclaredTensor&)>& visit,
                     const std::string& path = {});
  // Calls visit(path, type_name, layer) for every descendant after its own descendants: the order of execution.
  void visit_layers(const std::function<void(const std::string&, const std::string&, Layer&)>& visit,
                    const std::string& path = {});

 protected:
  explicit Layer(Shape input);  // the output's shape is the input's until set_output_shape

  void set_output_shape(Shape output) { output_ = std::move(output); }
  void set_multiply_adds(std::int64_t count) { multiply_adds_ = count; }
  // `slot` is a member of the derived class; it is filled by materialize. Throws LayerError for a name used twice and
  // for a shape with a side below 1 or whose product does not fit.
  void parameter(const std::string& name, torch::Tensor& slot, Shape shape, Initializer initial);
  void buffer(const std::string& name, torch::Tensor& slot, Shape shape, Initializer initial,
              torch::ScalarType type = torch::kFloat);
  // Takes ownership; returns the child as its own type. `type_name` names its row in the summary.
  template <typename L>
  L& child(const std::string& name, const std::string& type_name, std::unique_ptr<L> layer) {
    L& reference = *layer;
    children_.push_back({name, type_name, std::move(layer)});
    return reference;
  }
  // Says that forward draws random numbers in training; it must take them from generator().
  void declare_random() { draws_random_ = true; }
  torch::Generator& generator() { return generator_; }

 private:
  Shape input_;
  Shape output_;
  std::int64_t multiply_adds_ = 0;
  bool training_ = true;
  bool draws_random_ = false;
  torch::Generator generator_;
  std::vector<DeclaredTensor> tensors_;
  std::vector<Child> children_;
};

// "" + "conv1" -> "conv1"; "layer1.0" + "conv1" -> "layer1.0.conv1".
std::string join_path(const std::string& parent, const std::string& name);

}  // namespace rxrun
