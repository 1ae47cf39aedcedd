// Building: shapes worked out layer by layer, and errors that name the layer, its place and both shapes.
#include <gmock/gmock.h>

#include "diagnostics/render.h"
#include "network/network.h"
#include "networks.h"
#include "rxrun/layer.h"

namespace rxrun {
namespace {

using test::build;
using test::check;
using testing::AllOf;
using testing::HasSubstr;

// The error of building, rendered without the file's folder.
std::string error_of(const std::string& text, const Shape& input = {3, 32, 32}, std::int64_t classes = 2,
                     const NetworkLimits& limits = {}) {
  const CheckedNetwork checked = check(text);
  try {
    build_network(checked, input, classes, limits);
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::usage);
    std::string shown = render(error.diagnostics());
    return shown.substr(shown.find("experiment.yaml") == std::string::npos ? 0 : shown.find("experiment.yaml"));
  }
  return "no error";
}

std::vector<std::string> paths(const Network& network) {
  std::vector<std::string> all;
  for (const NetworkLayer& layer : network.layers) all.push_back(layer.path);
  return all;
}

TEST(BuildNetwork, WorksOutNamesAndShapes) {
  const Network network = build(
      "  plugins: [convnet, resnet]\n"
      "  stem: [{conv: {channels: 8}}, batch_norm, relu, {conv: {channels: 8}}, max_pool]\n"
      "  stages: [{block: basic_block, depth: 2, planes: 16, stride: 2}]\n"
      "  head: [global_average_pool, flatten, {linear: {features: 5}}, relu, linear]",
      {3, 31, 33}, 7);
  EXPECT_THAT(paths(network), testing::ElementsAre("conv1", "bn1", "relu1", "conv2", "max_pool1", "layer1.0",
                                                   "layer1.1", "global_average_pool", "flatten", "fc1", "relu", "fc2"));
  EXPECT_EQ(network.layers[4].module->output_shape(), (Shape{8, 15, 16}));
  EXPECT_EQ(network.layers[5].module->output_shape(), (Shape{16, 8, 8}));
  EXPECT_EQ(network.layers[6].module->output_shape(), (Shape{16, 8, 8})) << "stride reaches the first block only";
  EXPECT_EQ(network.layers.back().module->output_shape(), (Shape{7}));
  EXPECT_EQ(network.layers[5].label, "layer `basic_block` (layer1.0) of plugin `resnet`");
  EXPECT_EQ(network.classes, 7);
}

TEST(BuildNetwork, ErrorNamesLayerPlaceAndShape) {
  EXPECT_THAT(
      error_of("  plugins: [convnet]\n"
               "  stem: [{conv: {channels: 8}}]\n"
               "  head: [flatten, max_pool, linear]"),
      AllOf(testing::StartsWith("experiment.yaml:5:19: error: layer `max_pool` (max_pool) of plugin `convnet` does not "
                                "fit 8192 features: it takes an image"),
            HasSubstr("head: [flatten, max_pool, linear]")));
  EXPECT_THAT(error_of("  plugins: [convnet]\n"
                       "  head: [linear]"),
              AllOf(HasSubstr("does not fit 3×32×32"), HasSubstr("flatten")));
}

TEST(BuildNetwork, ErrorInABlockNamesTheBlocksPart) {
  EXPECT_THAT(
      error_of("  plugins: [convnet, resnext]\n"
               "  stages: [{block: resnext_bottleneck, depth: 2, planes: 16, width_rule: planes, cardinality: 32}]\n"
               "  head: [global_average_pool, flatten, linear]"),
      AllOf(HasSubstr("(layer1.0)"), HasSubstr("width of 0"), HasSubstr("cardinality 16"), HasSubstr("planes 32")));
  EXPECT_THAT(error_of("  plugins: [convnet, resnext]\n"
                       "  stages: [{block: resnext_bottleneck, depth: 2, planes: 8, base_width: 4}]\n"
                       "  head: [global_average_pool, flatten, linear]"),
              AllOf(HasSubstr("width of 0"), HasSubstr("base_width 8"), HasSubstr("planes 16")));
}

TEST(BuildNetwork, OutputMustBeOneValueAClass) {
  EXPECT_THAT(error_of("  plugins: [convnet]\n"
                       "  stem: [{conv: {channels: 8}}]"),
              AllOf(HasSubstr("ends in 8×32×32"), HasSubstr("2 classes"), HasSubstr("add `head:")));
  EXPECT_THAT(error_of("  plugins: [convnet]\n"
                       "  head: [flatten, {linear: {features: 3}}]"),
              AllOf(HasSubstr("ends in 3 features"), HasSubstr("leave out its `features`")));
}

TEST(BuildNetwork, AnEmptyOutputIsTheLayersFault) {
  EXPECT_THAT(error_of("  plugins: [convnet, " RXRUN_FAULTY_LAYERS "]\n"
                       "  stem: [no_output]\n"
                       "  head: [flatten, linear]"),
              HasSubstr("layer `no_output` (no_output1) of plugin `faulty_layers` makes 0 of 3×32×32"));
}

TEST(BuildNetwork, ATensorHasOneName) {
  EXPECT_THAT(error_of("  plugins: [convnet, " RXRUN_FAULTY_LAYERS "]\n"
                       "  stem: [two_names]\n"
                       "  head: [flatten, linear]"),
              AllOf(HasSubstr("two_names1.weight_again"), HasSubstr("declared under another name already")));
}

// Only a LayerError says that the shape does not fit.
TEST(BuildNetwork, AConstructorThatThrowsSomethingElseFailed) {
  EXPECT_THAT(
      error_of("  plugins: [convnet, " RXRUN_FAULTY_LAYERS "]\n"
               "  stem: [throwing_constructor]\n"
               "  head: [flatten, linear]"),
      AllOf(HasSubstr("could not be built for 3×32×32: its constructor threw std::runtime_error: no table of weights"),
            testing::Not(HasSubstr("does not fit"))));
}

TEST(BuildNetwork, RefusesAbsurdSizesBeforeTheyAreAllocated) {
  EXPECT_THAT(error_of("  plugins: [convnet]\n"
                       "  stem: [{conv: {channels: 1000000000}}, {conv: {channels: 1000000000}}]\n"
                       "  head: [global_average_pool, flatten, linear]"),
              AllOf(HasSubstr("conv"), HasSubstr("more than 1000000000000")));
  EXPECT_THAT(error_of("  plugins: [convnet]\n"
                       "  stem: [{conv: {channels: 9000000000000000000}}]\n"
                       "  head: [global_average_pool, flatten, linear]"),
              HasSubstr("64 bits"));
  EXPECT_THAT(error_of("  plugins: [convnet]\n"
                       "  stem: [{conv: {channels: 2, kernel: 9000000000000000000}}]\n"
                       "  head: [global_average_pool, flatten, linear]"),
              HasSubstr("kernel"));
  const std::string deep =
      "  plugins: [convnet, resnet]\n"
      "  stages: [{block: basic_block, depth: 9, planes: 4}]\n"
      "  head: [global_average_pool, flatten, linear]";
  EXPECT_EQ(error_of(deep), "no error");
  EXPECT_THAT(error_of(deep, {3, 32, 32}, 2, {.layers = 8}), HasSubstr("more than 8 layers"));
  EXPECT_THAT(error_of(deep, {3, 32, 32}, 2, {.parameters = 1000}), HasSubstr("more than 1000 parameters"));
  EXPECT_THAT(error_of(deep, {3, 32, 32}, 2, {.outputs = 20'000}), HasSubstr("more than 20000 values"));
}

TEST(BuildNetwork, InputAndClassesMustBePositive) {
  const std::string text = "  plugins: [convnet]\n  head: [flatten, linear]";
  EXPECT_THAT(error_of(text, {}), HasSubstr("at least 1×1×1"));
  EXPECT_THAT(error_of(text, {3, 0, 4}), HasSubstr("3×0×4"));
  EXPECT_THAT(error_of(text, {3, 4, 4}, 0), HasSubstr("at least one class"));
}

}  // namespace
}  // namespace rxrun
