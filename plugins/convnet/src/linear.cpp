#include "rxrun/layers/linear.h"

#include "round_once.h"
#include "rxrun/layers/shapes.h"

namespace rxrun::layers {

Linear::Linear(const Options& options, const Shape& input) : Layer(input) {
  if (input.size() != 1) {
    throw LayerError("it takes features, not an image of " + to_string(input) +
                     ": put `flatten`, or `global_average_pool` and `flatten`, before it");
  }
  if (!options.features) throw LayerError("`features` is missing");
  if (*options.features < 1)
    throw LayerError("`features` is " + std::to_string(*options.features) + ": it must be at least 1");
  set_output_shape({*options.features});
  set_multiply_adds(product({*options.features, input[0]}));
  parameter("weight", weight_, {*options.features, input[0]}, fan_in_uniform(input[0]));
  if (options.bias) parameter("bias", bias_, {*options.features}, fan_in_uniform(input[0]));
}

torch::Tensor Linear::forward(const torch::Tensor& x) {
  return round_once(x, [&](const torch::Tensor& input) { return at::linear(input, weight_, bias_); });
}

}  // namespace rxrun::layers
