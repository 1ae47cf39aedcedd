#include "rxrun/layers/residual.h"

#include <tuple>

#include "folded_convolution.h"

namespace rxrun::layers {

ResidualBlock::ResidualBlock(const std::vector<Conv::Options>& convolutions, const Branch& branch, const Shape& input)
    : Layer(input) {
  Shape shape = input;
  Extent stride = {1, 1};
  for (std::size_t i = 0; i < convolutions.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    const double initial_weight = branch.zero_init_residual && i + 1 == convolutions.size() ? 0.0 : 1.0;
    branch_.push_back(add_unit("conv" + number, "bn" + number, convolutions[i], initial_weight, shape));
    shape = branch_.back().norm->output_shape();
    stride.height *= convolutions[i].stride.height;
    stride.width *= convolutions[i].stride.width;
  }
  if (branch.squeeze_excitation != 0) {
    squeeze_excitation_ =
        &child("se", "SqueezeExcitation",
               std::make_unique<SqueezeExcitation>(SqueezeExcitation::Options{branch.squeeze_excitation}, shape));
  }
  if (branch.drop_path != 0.0) {
    drop_path_ =
        &child("drop_path", "", std::make_unique<StochasticDepth>(StochasticDepth::Options{branch.drop_path}, shape));
  }
  if (stride != Extent{1, 1} || shape[0] != input[0]) {
    Conv::Options projection;
    projection.channels = shape[0];
    projection.kernel = {1, 1};
    projection.stride = stride;
    shortcut_ = add_unit("downsample.0", "downsample.1", projection, 1.0, input);
  }
  set_output_shape(shape);
}

ResidualBlock::Unit ResidualBlock::add_unit(const std::string& conv_name, const std::string& norm_name,
                                            const Conv::Options& conv, double initial_weight, const Shape& input) {
  try {
    Unit unit;
    unit.conv = &child(conv_name, "Conv2d", std::make_unique<Conv>(conv, input));
    BatchNorm::Options norm;
    norm.initial_weight = initial_weight;
    unit.norm = &child(norm_name, "BatchNorm2d", std::make_unique<BatchNorm>(norm, unit.conv->output_shape()));
    unit.folded = std::make_shared<FoldedConvolution>(*unit.conv, *unit.norm);
    return unit;
  } catch (const LayerError& error) {
    throw LayerError(conv_name + ": " + error.what());
  }
}

torch::Tensor ResidualBlock::Unit::forward(const Rectified& x) const {
  if (torch::Tensor y = folded->forward(x.y, {}, /*relu=*/false); y.defined()) return y;
  return norm->forward(conv->forward(x));
}

Rectified ResidualBlock::Unit::forward_relu(const Rectified& x) const {
  if (torch::Tensor y = folded->forward(x.y, {}, /*relu=*/true); y.defined()) return {y, {}, {}};
  return norm->rectify(conv->forward(x));
}

torch::Tensor ResidualBlock::Unit::forward_add_relu(const Rectified& x, const torch::Tensor& residual) const {
  if (torch::Tensor y = folded->forward(x.y, residual, /*relu=*/true); y.defined()) return y;
  return norm->forward_add_relu(conv->forward(x), residual);
}

std::pair<Rectified, torch::Tensor> ResidualBlock::Unit::forward_and_pass(const torch::Tensor& x) const {
  if (torch::Tensor y = folded->forward(x, {}, /*relu=*/true); y.defined()) return {{y, {}, {}}, x};
  const auto [y, passed] = conv->forward_and_pass(x);
  return {norm->rectify(y), passed};
}

torch::Tensor ResidualBlock::forward(const torch::Tensor& input) {
  Rectified hidden{input, {}, {}};
  torch::Tensor x = input;
  if (branch_.size() > 1) std::tie(hidden, x) = branch_.front().forward_and_pass(input);
  for (std::size_t i = 1; i + 1 < branch_.size(); ++i) hidden = branch_[i].forward_relu(hidden);
  const Unit& last = branch_.back();
  const torch::Tensor shortcut = shortcut_.conv ? shortcut_.forward({x, {}, {}}) : x;
  if (!squeeze_excitation_ && !drop_path_) return last.forward_add_relu(hidden, shortcut);
  torch::Tensor y = last.forward(hidden);
  if (squeeze_excitation_) y = squeeze_excitation_->forward(y);
  if (drop_path_) y = drop_path_->forward(y);
  // In place: the backward pass of ReLU needs its output only, and that of an addition nothing.
  return y.add_(shortcut).relu_();
}

std::vector<Conv::Options> bottleneck(std::int64_t planes, std::int64_t width, std::int64_t cardinality,
                                      const Extent& stride) {
  Conv::Options reduce, grouped, expand;
  reduce.channels = width;
  reduce.kernel = {1, 1};
  grouped.channels = width;
  grouped.stride = stride;
  grouped.groups = cardinality;
  expand.channels = product({planes, expansion});
  expand.kernel = {1, 1};
  return {reduce, grouped, expand};
}

namespace {

std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

std::int64_t bottleneck_width(WidthRule rule, std::int64_t planes, std::int64_t cardinality, std::int64_t base_width) {
  if (planes < 1 || cardinality < 1 || base_width < 1) {
    throw LayerError("`planes`, `cardinality` and `base_width` must be at least 1");
  }
  const std::string numbers = "planes " + std::to_string(planes) + ", cardinality " + std::to_string(cardinality) +
                              " and base_width " + std::to_string(base_width) + " give a width of 0 by the rule ";
  if (rule == WidthRule::planes) {
    if (planes < cardinality) {
      throw LayerError(numbers +
                       "`planes`: cardinality · floor(planes / cardinality); the nearest values that work are " +
                       "cardinality " + std::to_string(planes) + " or planes " + std::to_string(cardinality));
    }
    return product({cardinality, planes / cardinality});
  }
  const std::int64_t group_width = product({planes, base_width}) / 64;
  if (group_width == 0) {
    throw LayerError(numbers +
                     "`paper`: cardinality · floor(planes · base_width / 64); the nearest values that work are " +
                     "base_width " + std::to_string(ceil_divide(64, planes)) + " or planes " +
                     std::to_string(ceil_divide(64, base_width)));
  }
  return product({cardinality, group_width});
}

}  // namespace rxrun::layers
