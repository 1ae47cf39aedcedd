// Plugin `resnext`: the block of ResNeXt (Xie et al. 2017, arXiv 1611.05431), form (c) of its figure 3: a bottleneck
// whose 3×3 convolution runs in `cardinality` groups. Channels × H × W -> 4·planes × H/stride × W/stride.
#include <rxrun/plugin.h>

#include "rxrun/layers/residual.h"

namespace {

using namespace rxrun::layers;
using rxrun::at_least;
using rxrun::Shape;

class ResNeXtBottleneck final : public ResidualBlock {
 public:
  struct Options {
    std::int64_t planes = 0;
    rxrun::Extent stride = {1, 1};
    std::int64_t cardinality = 32;
    std::int64_t base_width = 4;
    std::string width_rule = "paper";
    std::int64_t squeeze_excitation = 0;
    double drop_path = 0.0;
    bool zero_init_residual = false;
  };
  ResNeXtBottleneck(const Options& options, const Shape& input)
      : ResidualBlock(bottleneck(options.planes, width(options), options.cardinality, options.stride),
                      {options.squeeze_excitation, options.drop_path, options.zero_init_residual}, input) {}

 private:
  static std::int64_t width(const Options& options) {
    return bottleneck_width(options.width_rule == "planes" ? WidthRule::planes : WidthRule::paper, options.planes,
                            options.cardinality, options.base_width);
  }
};

}  // namespace

RXRUN_PLUGIN("resnext", plugin) {
  using Options = ResNeXtBottleneck::Options;
  plugin.layer<ResNeXtBottleneck>("resnext_bottleneck", "1x1, grouped 3x3 and 1x1 convolutions and a shortcut")
      .block()
      .type_name("ResNeXtBottleneck")
      .option("planes", &Options::planes, "a quarter of the output channels", rxrun::required(), at_least(1))
      .option("stride", &Options::stride, "stride of the 3x3 convolution", at_least(1))
      .option("cardinality", &Options::cardinality, "groups of the 3x3 convolution", at_least(1))
      .option("base_width", &Options::base_width, "width of a group where planes is 64 (rule `paper`)", at_least(1))
      .option(
          "width_rule", &Options::width_rule,
          "width of the 3x3 convolution; paper: cardinality * floor(planes * base_width / 64); planes: cardinality * "
          "floor(planes / cardinality), ignoring base_width",
          rxrun::one_of({"paper", "planes"}))
      .option("squeeze_excitation", &Options::squeeze_excitation, "reduction of squeeze-and-excitation; 0: none",
              at_least(0))
      .option("drop_path", &Options::drop_path, "probability of dropping a sample's branch (stochastic depth)",
              at_least(0.0), rxrun::less_than(1.0))
      .option("zero_init_residual", &Options::zero_init_residual, "start with residual branches that output zero");
}
