// Plugin `convnet`: the layers of plain convolutional networks, under the names that PyTorch's users know.
#include <rxrun/plugin.h>

#include "rxrun/layers/activations.h"
#include "rxrun/layers/batch_norm.h"
#include "rxrun/layers/conv.h"
#include "rxrun/layers/dropout.h"
#include "rxrun/layers/flatten.h"
#include "rxrun/layers/global_pool.h"
#include "rxrun/layers/group_norm.h"
#include "rxrun/layers/layer_norm.h"
#include "rxrun/layers/linear.h"
#include "rxrun/layers/pool.h"
#include "rxrun/layers/squeeze_excitation.h"

namespace {

using namespace rxrun::layers;
using rxrun::at_least;
using rxrun::at_most;
using rxrun::greater_than;
using rxrun::less_than;

void declare_convolution(rxrun::Plugin& plugin) {
  plugin.layer<Conv>("conv", "two-dimensional convolution")
      .type_name("Conv2d")
      .weight_prefix("conv")
      .option("channels", &Conv::Options::channels, "output channels", rxrun::required(), at_least(1))
      .option("kernel", &Conv::Options::kernel, "height and width of the kernel", at_least(1))
      .option("stride", &Conv::Options::stride, "step between windows", at_least(1))
      .option("padding", &Conv::Options::padding, "zeros on each side; default: floor(dilation * (kernel - 1) / 2)",
              at_least(0))
      .option("dilation", &Conv::Options::dilation, "spacing of the kernel's elements", at_least(1))
      .option("groups", &Conv::Options::groups, "groups of channels that are convolved separately", at_least(1))
      .option("bias", &Conv::Options::bias, "add a learned bias to each channel");
}

void declare_normalization(rxrun::Plugin& plugin) {
  plugin.layer<BatchNorm>("batch_norm", "batch normalization of each channel or feature")
      .type_name("BatchNorm2d")
      .weight_prefix("bn")
      .option("epsilon", &BatchNorm::Options::epsilon, "added to the variance", greater_than(0.0))
      .option("momentum", &BatchNorm::Options::momentum, "weight of the new batch in the running statistics",
              at_least(0.0), at_most(1.0));
  plugin.layer<LayerNorm>("layer_norm", "layer normalization of each sample, or of each pixel's channels")
      .type_name("LayerNorm")
      .weight_prefix("norm")
      .option("over", &LayerNorm::Options::over, "values that are normalized together",
              rxrun::one_of({"sample", "channels"}))
      .option("epsilon", &LayerNorm::Options::epsilon, "added to the variance", greater_than(0.0));
  plugin.layer<GroupNorm>("group_norm", "group normalization")
      .type_name("GroupNorm")
      .weight_prefix("norm")
      .option("groups", &GroupNorm::Options::groups, "groups of channels; must divide them", at_least(1))
      .option("epsilon", &GroupNorm::Options::epsilon, "added to the variance", greater_than(0.0));
}

void declare_activations(rxrun::Plugin& plugin) {
  plugin.layer<Relu>("relu", "max(0, x)").type_name("ReLU");
  plugin.layer<LeakyRelu>("leaky_relu", "x where x > 0, slope * x elsewhere")
      .type_name("LeakyReLU")
      .option("slope", &LeakyRelu::Options::slope, "slope where x < 0");
  plugin.layer<Elu>("elu", "x where x > 0, alpha * (exp(x) - 1) elsewhere")
      .type_name("ELU")
      .option("alpha", &Elu::Options::alpha, "the lowest output is -alpha", greater_than(0.0));
  plugin.layer<Gelu>("gelu", "x * Phi(x), Phi the normal distribution function")
      .type_name("GELU")
      .option("approximate", &Gelu::Options::approximate, "none: exact; tanh: an approximation",
              rxrun::one_of({"none", "tanh"}));
  plugin.layer<Silu>("silu", "x * sigmoid(x)").type_name("SiLU");
  plugin.layer<Sigmoid>("sigmoid", "1 / (1 + exp(-x))").type_name("Sigmoid");
  plugin.layer<Tanh>("tanh", "hyperbolic tangent").type_name("Tanh");
  plugin.layer<Hardswish>("hardswish", "x * min(max(x + 3, 0), 6) / 6").type_name("Hardswish");
}

void declare_pooling(rxrun::Plugin& plugin) {
  plugin.layer<MaxPool>("max_pool", "the largest value of each window")
      .type_name("MaxPool2d")
      .option("kernel", &MaxPool::Options::kernel, "height and width of the window", at_least(1))
      .option("stride", &MaxPool::Options::stride, "step between windows; default: the kernel", at_least(1))
      .option("padding", &MaxPool::Options::padding, "border on each side; default: floor((kernel - 1) / 2)",
              at_least(0))
      .option("ceil_mode", &MaxPool::Options::ceil_mode, "keep windows that extend beyond the edge");
  plugin.layer<AveragePool>("average_pool", "the mean of each window")
      .type_name("AvgPool2d")
      .option("kernel", &AveragePool::Options::kernel, "height and width of the window", at_least(1))
      .option("stride", &AveragePool::Options::stride, "step between windows; default: the kernel", at_least(1))
      .option("padding", &AveragePool::Options::padding, "border on each side; default: floor((kernel - 1) / 2)",
              at_least(0))
      .option("ceil_mode", &AveragePool::Options::ceil_mode, "keep windows that extend beyond the edge")
      .option("count_padding", &AveragePool::Options::count_padding, "include the border in the mean, as zeros");
  plugin.layer<GlobalAveragePool>("global_average_pool", "the mean of each channel").type_name("AdaptiveAvgPool2d");
  plugin.layer<GlobalMaxPool>("global_max_pool", "the largest value of each channel").type_name("AdaptiveMaxPool2d");
}

void declare_the_rest(rxrun::Plugin& plugin) {
  plugin.layer<Flatten>("flatten", "turns an image into a vector of features").type_name("Flatten").view();
  plugin.layer<Dropout>("dropout", "zeroes values at random during training")
      .type_name("Dropout")
      .option("probability", &Dropout::Options::probability, "probability that a value is zeroed", at_least(0.0),
              less_than(1.0))
      .option("channels", &Dropout::Options::channels, "zero whole channels");
  plugin.layer<Linear>("linear", "fully connected: a matrix times the features")
      .type_name("Linear")
      .weight_prefix("fc")
      .option("features", &Linear::Options::features, "output features; default: the number of classes",
              rxrun::number_of_classes(), at_least(1))
      .option("bias", &Linear::Options::bias, "add a learned bias to each feature");
  plugin
      .layer<SqueezeExcitation>("squeeze_excitation",
                                "scales each channel by a factor computed from the means of all channels")
      .type_name("SqueezeExcitation")
      .weight_prefix("se")
      .option("reduction", &SqueezeExcitation::Options::reduction,
              "number of channels divided by that of the bottleneck", at_least(1));
}

}  // namespace

RXRUN_PLUGIN("convnet", plugin) {
  declare_convolution(plugin);
  declare_normalization(plugin);
  declare_activations(plugin);
  declare_pooling(plugin);
  declare_the_rest(plugin);
}
