#include "rxrun/layers/group_norm.h"

namespace rxrun::layers {

GroupNorm::GroupNorm(const Options& options, const Shape& input)
    : Layer(input), groups_(options.groups), epsilon_(options.epsilon) {
  if (groups_ < 1 || input.empty() || input[0] % groups_ != 0) {
    throw LayerError("`groups` " + std::to_string(groups_) + " must divide the channels (" +
                     (input.empty() ? std::string("none") : std::to_string(input[0])) + ")");
  }
  parameter("weight", weight_, {input[0]}, constant(1.0));
  parameter("bias", bias_, {input[0]}, constant(0.0));
}

torch::Tensor GroupNorm::forward(const torch::Tensor& x) {
  // Under autocast x may be bfloat16, which LibTorch 1.13 does not mix with float parameters.
  return at::group_norm(x, groups_, weight_.to(x.scalar_type()), bias_.to(x.scalar_type()), epsilon_,
                        /*cudnn_enabled=*/true);
}

}  // namespace rxrun::layers
