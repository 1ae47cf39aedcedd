#include "plugin/catalog.h"

#include <gmock/gmock.h>

#include <chrono>

#include "bad_plugins.h"
#include "plugin/probe.h"
#include "temporary_folder.h"

namespace rxrun::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::string fault(const std::string& name) {
  return error_of([&] { read_plugin(bad_plugin(name)); });
}

// ---- libraries without a table of layers are asked in a child process ----
TEST(Probe, Segfault) {
  EXPECT_THAT(fault("segfault_at_start"), AllOf(HasSubstr("segfault_at_start.so"), HasSubstr("SIGSEGV")));
}
TEST(Probe, Abort) {
  EXPECT_THAT(fault("abort_at_start"), AllOf(HasSubstr("abort_at_start.so"), HasSubstr("SIGABRT")));
}
TEST(Probe, Exit) {
  EXPECT_THAT(fault("exit_at_start"), AllOf(HasSubstr("exit_at_start.so"), HasSubstr("ends the process")));
}
TEST(Probe, ThrowsStd) {
  EXPECT_THAT(fault("throws_std"),
              AllOf(HasSubstr("throws_std.so"), HasSubstr("std::runtime_error: the licence server is down")));
}
TEST(Probe, ThrowsNonStd) {
  EXPECT_THAT(fault("throws_non_std"), AllOf(HasSubstr("throws_non_std.so"), HasSubstr("int")));
}
TEST(Probe, NoEntry) {
  EXPECT_THAT(fault("no_entry"), AllOf(HasSubstr("no_entry.so"), HasSubstr("no entry function")));
}
TEST(Probe, NoLayers) {
  EXPECT_THAT(fault("no_layers"), AllOf(HasSubstr("no_layers.so"), HasSubstr("offers no layers")));
}
TEST(Probe, UnresolvedSymbol) {
  EXPECT_THAT(fault("unresolved_symbol"),
              AllOf(HasSubstr("unresolved_symbol.so"), HasSubstr("elsewhere::function_that_nobody_defines(double)")));
}
TEST(Probe, DeclaresALayerTwice) {
  EXPECT_THAT(fault("declares_twice"),
              AllOf(HasSubstr("declares_twice.so"), HasSubstr("`crashes_in_forward` is declared twice")));
}
TEST(Probe, ManyWordsAtStart) {
  EXPECT_THAT(fault("noise_at_start"), AllOf(HasSubstr("noise_at_start.so"), HasSubstr("offers no layers")));
}
TEST(Probe, Hang) {
  EXPECT_THAT(error_of([] { probe_layers(bad_plugin("hang_at_start"), std::chrono::milliseconds(1500)); }),
              AllOf(HasSubstr("hang_at_start.so"), HasSubstr("hangs")));
}
TEST(Probe, AsksAPluginWithoutTable) {
  const PluginInfo plugin = read_plugin(bad_plugin("misbehaving"));
  EXPECT_EQ(plugin.manifest.plugin, "misbehaving");
  EXPECT_EQ(plugin.layers.front().name, "throws_in_constructor");
}

// ---- the table in the library ----
TEST(Table, Malformed) {
  EXPECT_THAT(fault("malformed_table"), AllOf(HasSubstr("malformed_table.so"), HasSubstr("malformed table of layers")));
}
TEST(Table, Garbage) { EXPECT_THAT(fault("garbage_table"), HasSubstr("malformed table of layers")); }
TEST(Table, OfTheFuture) { EXPECT_THAT(fault("future_table"), HasSubstr("unknown version 2")); }
TEST(Table, DefaultOutOfRange) {
  EXPECT_THAT(fault("bad_default_table"), AllOf(HasSubstr("`groups`"), HasSubstr("at least 1, not 0")));
}

TEST(Table, GoesToJsonAndBack) {
  LayerInfo layer;
  layer.name = "thing";
  layer.type_name = "Thing";
  layer.doc = "does \"things\"";
  layer.block = true;
  layer.revision = 3;
  OptionInfo flag{"flag", OptionType::boolean, true};
  OptionInfo count{"count", OptionType::integer, std::int64_t{3}};
  count.minimum = 1;
  OptionInfo rate{"rate", OptionType::real, 0.1};
  rate.minimum = 0;
  rate.exclusive_minimum = true;
  rate.maximum = 1;
  OptionInfo rule{"rule", OptionType::string, std::string("a")};
  rule.choices = {"a", "b"};
  OptionInfo size{"size", OptionType::extent, Extent{3, 5}};
  OptionInfo width{"width", OptionType::integer, {}};
  width.number_of_classes = width.optional = true;
  layer.options = {flag, count, rate, rule, size, width, OptionInfo{"needed", OptionType::real, {}}};
  EXPECT_EQ(layers_from_json(layers_to_json({layer}), "x.so"), std::vector<LayerInfo>{layer});
}

// ---- a catalog of several ----
TEST(Catalog, TwoPluginsWithTheSameLayer) {
  Catalog catalog;
  catalog.add(read_plugin(bad_plugin("offers_conv")));
  EXPECT_THAT(error_of([&] { catalog.add(read_plugin(bad_plugin("offers_conv_too"))); }),
              AllOf(HasSubstr("`conv`"), HasSubstr("offers_conv.so"), HasSubstr("offers_conv_too.so")));
}

TEST(Catalog, TheSameLibraryTwiceCountsOnce) {
  Catalog catalog;
  catalog.add(read_plugin(bad_plugin("offers_conv")));
  catalog.add(read_plugin(bad_plugin("offers_conv")));
  EXPECT_EQ(catalog.plugins().size(), 1u);
}

TEST(Catalog, ErrorsHaveTheirPlaceInTheFile) {
  NetworkSpec network;
  network.plugins = {bad_plugin("foreign_sdk").string(), "convnett"};
  network.plugins_where = {{"a.yaml", 3, 5, 1, "x"}, {"a.yaml", 4, 5, 1, "y"}};
  Diagnostics diagnostics;
  const Catalog catalog = load_catalog(network, diagnostics);
  ASSERT_EQ(diagnostics.list().size(), 2u);
  EXPECT_EQ(diagnostics.list()[0].where.line, 3);
  EXPECT_EQ(diagnostics.list()[1].where.line, 4);
  EXPECT_EQ(diagnostics.list()[1].advice, "did you mean `convnet`?");
  EXPECT_FALSE(catalog.complete());
}

// That the list is missing, or misspelt, is an error of the reader's; layers are held against what there is, so that
// theirs are told with it.
TEST(Catalog, OfANetworkThatNamesNoPluginHoldsAllThatAreInstalled) {
  Diagnostics diagnostics;
  const Catalog catalog = load_catalog(NetworkSpec{}, diagnostics);
  EXPECT_TRUE(diagnostics.list().empty());
  EXPECT_TRUE(catalog.find("conv") && catalog.find("resnext_bottleneck"));
  EXPECT_FALSE(catalog.complete());
}

TEST(FindPlugin, LooksInTheFoldersOfTheVariableFirst) {
  TemporaryFolder folder;
  folder.write("libmine.so", "x");
  folder.write("libconvnet.so", "not the real one");
  const Variable variable("RXRUN_PLUGIN_PATH", "/nowhere:" + folder.path().string());
  EXPECT_EQ(find_plugin("mine"), std::filesystem::canonical(folder.path() / "libmine.so"));
  EXPECT_EQ(find_plugin("convnet"), std::filesystem::canonical(folder.path() / "libconvnet.so"));
  EXPECT_THAT(all_plugins(), Contains(folder.path() / "libconvnet.so"));
  const std::string message = error_of([] { find_plugin("resmext"); });
  EXPECT_THAT(message, AllOf(HasSubstr("`resmext`"), HasSubstr("/nowhere"), HasSubstr(folder.path().string())));
}

TEST(FindPlugin, TakesAPath) {
  EXPECT_EQ(find_plugin(bad_plugin("no_layers").string()), std::filesystem::canonical(bad_plugin("no_layers")));
  EXPECT_THAT(error_of([] { find_plugin("./missing.so"); }),
              AllOf(HasSubstr("./missing.so"), HasSubstr("does not exist: there is no " +
                                                         (std::filesystem::current_path() / "missing.so").string())));
  EXPECT_THAT(error_of([] { find_plugin("/nowhere/missing.so"); }),
              HasSubstr("plugin library `/nowhere/missing.so` does not exist"));
  EXPECT_THAT(error_of([] { find_plugin(""); }), HasSubstr("no plugin ``"));
}

TEST(ShippedPlugins, CarryTheirTables) {
  for (const char* name : {"convnet", "resnet", "resnext"}) {
    const PluginInfo plugin = read_plugin(find_plugin(name));
    EXPECT_EQ(plugin.manifest.plugin, name);
    EXPECT_THAT(bytes_of(plugin.library), HasSubstr(".rxrun.layers"));
    EXPECT_FALSE(plugin.layers.empty());
  }
}

}  // namespace
}  // namespace rxrun::testing
