#include "rxrun/layers/global_pool.h"

#include "rxrun/layers/shapes.h"

namespace rxrun::layers {

GlobalAveragePool::GlobalAveragePool(const Options&, const Shape& input) : Layer(input) {
  set_output_shape({image_shape(input).channels, 1, 1});
}
torch::Tensor GlobalAveragePool::forward(const torch::Tensor& x) { return at::adaptive_avg_pool2d(x, {1, 1}); }

GlobalMaxPool::GlobalMaxPool(const Options&, const Shape& input) : Layer(input) {
  set_output_shape({image_shape(input).channels, 1, 1});
}
torch::Tensor GlobalMaxPool::forward(const torch::Tensor& x) { return std::get<0>(at::adaptive_max_pool2d(x, {1, 1})); }

}  // namespace rxrun::layers
