// Plugin `resnet`: the blocks of ResNet (He et al. 2016, arXiv 1512.03385), with torchvision's names and stride
// placement.
#include <rxrun/plugin.h>

#include "rxrun/layers/residual.h"

namespace {

using namespace rxrun::layers;
using rxrun::at_least;
using rxrun::less_than;
using rxrun::Shape;

std::vector<Conv::Options> two_convolutions(std::int64_t planes, const rxrun::Extent& stride) {
  Conv::Options first, second;
  first.channels = second.channels = planes;
  first.stride = stride;
  return {first, second};
}

// Two 3×3 convolutions (ResNet-18, ResNet-34): channels × H × W -> planes × H/stride × W/stride.
class BasicBlock final : public ResidualBlock {
 public:
  struct Options {
    std::int64_t planes = 0;
    rxrun::Extent stride = {1, 1};
    std::int64_t squeeze_excitation = 0;
    double drop_path = 0.0;
    bool zero_init_residual = false;
  };
  BasicBlock(const Options& options, const Shape& input)
      : ResidualBlock(two_convolutions(options.planes, options.stride),
                      {options.squeeze_excitation, options.drop_path, options.zero_init_residual}, input) {}
};

// 1×1, 3×3, 1×1 (ResNet-50 and deeper): channels × H × W -> 4·planes × H/stride × W/stride.
class Bottleneck final : public ResidualBlock {
 public:
  struct Options {
    std::int64_t planes = 0;
    rxrun::Extent stride = {1, 1};
    std::int64_t cardinality = 1;
    std::int64_t base_width = 64;
    std::int64_t squeeze_excitation = 0;
    double drop_path = 0.0;
    bool zero_init_residual = false;
  };
  Bottleneck(const Options& options, const Shape& input)
      : ResidualBlock(
            bottleneck(options.planes,
                       bottleneck_width(WidthRule::paper, options.planes, options.cardinality, options.base_width),
                       options.cardinality, options.stride),
            {options.squeeze_excitation, options.drop_path, options.zero_init_residual}, input) {}
};

template <typename Block>
void declare_branch(rxrun::LayerBuilder<Block>& layer) {
  using Options = typename Block::Options;
  layer.option("squeeze_excitation", &Options::squeeze_excitation, "reduction of squeeze-and-excitation; 0: none",
               at_least(0));
  layer.option("drop_path", &Options::drop_path, "probability of dropping a sample's branch (stochastic depth)",
               at_least(0.0), less_than(1.0));
  layer.option("zero_init_residual", &Options::zero_init_residual, "start with residual branches that output zero");
}

}  // namespace

RXRUN_PLUGIN("resnet", plugin) {
  auto basic = plugin.layer<BasicBlock>("basic_block", "two 3x3 convolutions and a shortcut");
  basic.block()
      .type_name("BasicBlock")
      .option("planes", &BasicBlock::Options::planes, "output channels", rxrun::required(), at_least(1))
      .option("stride", &BasicBlock::Options::stride, "stride of the first convolution", at_least(1));
  declare_branch(basic);

  auto deep = plugin.layer<Bottleneck>("bottleneck", "1x1, 3x3 and 1x1 convolutions and a shortcut");
  deep.block()
      .type_name("Bottleneck")
      .option("planes", &Bottleneck::Options::planes, "a quarter of the output channels", rxrun::required(),
              at_least(1))
      .option("stride", &Bottleneck::Options::stride, "stride of the 3x3 convolution", at_least(1))
      .option("cardinality", &Bottleneck::Options::cardinality, "groups of the 3x3 convolution", at_least(1))
      .option("base_width", &Bottleneck::Options::base_width, "width is cardinality * floor(planes * base_width / 64)",
              at_least(1));
  declare_branch(deep);
}
