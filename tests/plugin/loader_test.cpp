#include "plugin/loader.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "bad_plugins.h"

namespace rxrun::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

OptionValues defaults(const PluginInfo& plugin, const std::string& name) {
  OptionValues values;
  for (const LayerInfo& layer : plugin.layers) {
    if (layer.name != name) continue;
    for (const OptionInfo& option : layer.options) values.emplace_back(option.name, option.default_value);
  }
  return values;
}

TEST(LayerFactories, BuildsALayerOfAShippedPlugin) {
  const PluginInfo plugin = read_plugin(find_plugin("convnet"));
  const LayerFactories factories({plugin});
  OptionValues options = defaults(plugin, "conv");
  options[0].second = std::int64_t{8};
  auto conv = factories.make("conv", options, {3, 8, 8});
  EXPECT_EQ(conv->output_shape(), (Shape{8, 8, 8}));
  conv->materialize(1, torch::kCPU);
  EXPECT_EQ(conv->forward(torch::ones({2, 3, 8, 8})).size(1), 8);
}

TEST(LayerFactories, ALayersOwnErrorPassesThrough) {
  const PluginInfo plugin = read_plugin(find_plugin("convnet"));
  const LayerFactories factories({plugin});
  OptionValues options = defaults(plugin, "conv");
  options[0].second = std::int64_t{8};
  EXPECT_THROW(factories.make("conv", options, {64}), LayerError);
}

TEST(LayerFactories, AnotherExceptionIsNamed) {
  const LayerFactories factories({read_plugin(bad_plugin("misbehaving"))});
  try {
    factories.make("throws_in_constructor", {}, {3});
    FAIL();
  } catch (const ForeignException& error) {
    EXPECT_THAT(error.what(), HasSubstr("std::out_of_range: no such table"));
  }
}

TEST(LayerFactories, UnknownLayerOrOptions) {
  const PluginInfo plugin = read_plugin(bad_plugin("misbehaving"));
  const LayerFactories factories({plugin});
  EXPECT_THAT(error_of([&] { factories.make("nothing", {}, {3}); }), HasSubstr("`nothing`"));
  EXPECT_THAT(error_of([&] { factories.make("wrong_rank", {{"x", 1.0}}, {3}); }), HasSubstr("given 1 options"));
}

TEST(LoadPlugin, TellsWhatIsWrong) {
  const auto fault = [](const char* name) { return error_of([&] { load_plugin(bad_plugin(name)); }); };
  EXPECT_THAT(fault("throws_std"), AllOf(HasSubstr("throws_std.so"), HasSubstr("licence server")));
  EXPECT_THAT(fault("throws_non_std"), AllOf(HasSubstr("throws_non_std.so"), HasSubstr("int")));
  EXPECT_THAT(fault("unresolved_symbol"), HasSubstr("function_that_nobody_defines(double)"));
  EXPECT_THAT(fault("foreign_abi"), HasSubstr("compiler ABI"));
}

TEST(LoadPlugin, TheCodeHasToOfferWhatTheTableSays) {
  PluginInfo plugin = read_plugin(bad_plugin("misbehaving"));
  plugin.layers.front().doc = "another";
  EXPECT_THAT(error_of([&] { LayerFactories({plugin}); }),
              AllOf(HasSubstr("misbehaving.so"), HasSubstr("differ from its table")));
}

TEST(LoadPluginDeathTest, ACrashNamesTheLibrary) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(load_plugin(bad_plugin("segfault_when_loaded")), ::testing::KilledBySignal(SIGSEGV),
              "segfault_when_loaded.so. crashed while it was loaded: SIGSEGV");
}

}  // namespace
}  // namespace rxrun::testing
