// Linear: y = weight · x + bias, as torch.nn.Linear with its initial values. n features -> `features`.
#pragma once

#include <optional>

#include "rxrun/layer.h"

namespace rxrun::layers {

class Linear final : public Layer {
 public:
  struct Options {
    std::optional<std::int64_t> features;  // filled in with the number of classes when the experiment leaves it out
    bool bias = true;
  };
  Linear(const Options& options, const Shape& input);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  torch::Tensor weight_;
  torch::Tensor bias_;  // undefined without bias
};

}  // namespace rxrun::layers
