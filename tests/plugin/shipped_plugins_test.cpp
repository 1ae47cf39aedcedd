// The plugins that rxrun ships, and how they and others are found.
#include <gmock/gmock.h>

#include "bad_plugins.h"
#include "plugin/catalog.h"
#include "plugin/library_file.h"
#include "temporary_folder.h"

namespace rxrun::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

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

TEST(ShippedPlugins, AreNamedForALayerOfTheirs) {
  NetworkSpec network;
  for (const char* name : {"resnext_bottleneck", "resnext_botleneck"}) {
    LayerSpec block;
    block.layer = name;
    network.stages.push_back({block, 1});
  }
  Diagnostics diagnostics;
  check_network(network, Catalog(), diagnostics);
  ASSERT_EQ(diagnostics.list().size(), 2u);
  EXPECT_EQ(diagnostics.list()[0].advice,
            "`resnext_bottleneck` is offered by plugin `resnext`: add it to network.plugins");
  EXPECT_EQ(diagnostics.list()[1].advice, "did you mean `resnext_bottleneck` of plugin `resnext`?");
}

TEST(ShippedPlugins, CarryTheirTables) {
  for (const char* name : {"convnet", "resnet", "resnext"}) {
    const PluginInfo plugin = read_plugin(find_plugin(name));
    EXPECT_EQ(plugin.manifest.plugin, name);
    EXPECT_THAT(bytes_of(plugin.library), HasSubstr(".rxrun.layers"));
    EXPECT_FALSE(plugin.layers.empty());
  }
}

TEST(ShippedPlugins, WhatIsShippedSaysSo) {
  for (const std::string name : {"convnet", "resnet", "resnext"})
    EXPECT_TRUE(read_library_file(std::filesystem::path(RXRUN_PLUGIN_FOLDER) / ("lib" + name + ".so")).manifest.shipped)
        << name;
}

}  // namespace
}  // namespace rxrun::testing
