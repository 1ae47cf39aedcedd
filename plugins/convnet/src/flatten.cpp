#include "rxrun/layers/flatten.h"

namespace rxrun::layers {

Flatten::Flatten(const Options&, const Shape& input) : Layer(input) { set_output_shape({num_elements(input)}); }
torch::Tensor Flatten::forward(const torch::Tensor& x) { return x.flatten(1); }

}  // namespace rxrun::layers
