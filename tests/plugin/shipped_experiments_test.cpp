// Every file of experiments/ names layers and options that the shipped plugins have.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "diagnostics/render.h"
#include "experiment/read.h"
#include "plugin/catalog.h"

namespace rxrun {
namespace {

TEST(ShippedExperiments, FitTheShippedPlugins) {
  ASSERT_EQ(::setenv("RXRUN_PLUGIN_PATH", RXRUN_PLUGIN_FOLDER, 1), 0);
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(RXRUN_SOURCE_DIR "/experiments")) {
    Diagnostics diagnostics;
    const ReadExperiment read = read_experiment(entry.path(), {}, diagnostics);
    const Catalog catalog = load_catalog(read.experiment.network, diagnostics);
    const CheckedNetwork network = check_network(read.experiment.network, catalog, diagnostics);
    EXPECT_TRUE(diagnostics.list().empty()) << render(diagnostics.list());
    EXPECT_EQ(network.stages.size(), read.experiment.network.stages.size()) << entry.path();
    EXPECT_EQ(network.head.back().layer, "linear") << entry.path();
    ++count;
  }
  EXPECT_GE(count, 8);
}

}  // namespace
}  // namespace rxrun
