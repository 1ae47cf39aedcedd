// ResidualBlock: what the blocks of ResNet and ResNeXt share (He et al. 2016, arXiv 1512.03385).
//
//   y = relu(branch(x) + shortcut(x))
//
// The branch is convolutions, each with batch norm, with ReLU between them; then squeeze-and-excitation and stochastic
// depth, where asked for. The shortcut is x itself, or a strided 1×1 convolution with batch norm where the shape
// changes. Names are torchvision's: conv1, bn1, ..., downsample.0, downsample.1.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rxrun/layers/batch_norm.h"
#include "rxrun/layers/conv.h"
#include "rxrun/layers/squeeze_excitation.h"
#include "rxrun/layers/stochastic_depth.h"

namespace rxrun::layers {

class FoldedConvolution;

// In evaluation, without gradients, each batch norm is folded into its convolution, where that can be done (images in
// channels-last memory on the CPU).
class ResidualBlock : public Layer {
 public:
  struct Branch {
    std::int64_t squeeze_excitation = 0;  // its reduction; 0: none
    double drop_path = 0.0;               // probability that a sample's branch is dropped; 0: never
    bool zero_init_residual = false;      // the last batch norm's weight starts at 0
  };
  torch::Tensor forward(const torch::Tensor& x) override;

 protected:
  // `convolutions` in order; the product of their strides is the block's.
  ResidualBlock(const std::vector<Conv::Options>& convolutions, const Branch& branch, const Shape& input);

 private:
  struct Unit {
    Conv* conv = nullptr;
    BatchNorm* norm = nullptr;
    std::shared_ptr<FoldedConvolution> folded;  // both, in evaluation
    // norm(conv(x)), relu(norm(conv(x))) and relu(norm(conv(x)) + residual).
    torch::Tensor forward(const Rectified& x) const;
    Rectified forward_relu(const Rectified& x) const;
    torch::Tensor forward_add_relu(const Rectified& x, const torch::Tensor& residual) const;
    // relu(norm(conv(x))), and x for the shortcut.
    std::pair<Rectified, torch::Tensor> forward_and_pass(const torch::Tensor& x) const;
  };
  Unit add_unit(const std::string& conv_name, const std::string& norm_name, const Conv::Options& conv,
                double initial_weight, const Shape& input);

  std::vector<Unit> branch_;
  SqueezeExcitation* squeeze_excitation_ = nullptr;
  StochasticDepth* drop_path_ = nullptr;
  Unit shortcut_;  // empty: x itself
};

// 1×1 to `width`, 3×3 with stride in `cardinality` groups, 1×1 to `expansion · planes`. As torchvision's (and unlike
// the paper's), the stride is at the 3×3.
std::vector<Conv::Options> bottleneck(std::int64_t planes, std::int64_t width, std::int64_t cardinality,
                                      const Extent& stride);
inline constexpr std::int64_t expansion = 4;

// How wide the grouped convolution of a bottleneck is.
enum class WidthRule {
  paper,   // cardinality · floor(planes · base_width / 64)
  planes,  // cardinality · floor(base_width · (planes / (cardinality · base_width))): base_width cancels, and what is
           // computed is cardinality · floor(planes / cardinality), which no rounding of the quotient can spoil
};
// Throws LayerError when the width comes out 0, with the numbers and the nearest ones that work.
std::int64_t bottleneck_width(WidthRule rule, std::int64_t planes, std::int64_t cardinality, std::int64_t base_width);

}  // namespace rxrun::layers
