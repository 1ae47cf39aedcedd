// Every file of experiments/ reads without errors, and what is written of it reads back the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "diagnostics/render.h"
#include "experiment/read.h"
#include "files/files.h"
#include "same_tree.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

std::vector<std::filesystem::path> shipped_experiments() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(RXRUN_SOURCE_DIR "/experiments"))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class ShippedExperiment : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ShippedExperiment, ReadsWithoutAWord) {
  Diagnostics diagnostics;
  const ReadExperiment read = read_experiment(GetParam(), {}, diagnostics);
  EXPECT_TRUE(diagnostics.list().empty()) << render(diagnostics.list());
  EXPECT_EQ(read.experiment.name, GetParam().stem());
  EXPECT_FALSE(read.experiment.network.plugins.empty());
}

TEST_P(ShippedExperiment, CompletesInEditors) {
  const std::string text = read_file(GetParam(), 1 << 20);
  EXPECT_TRUE(text.starts_with("# yaml-language-server: $schema=../schemas/experiment.schema.json\n# "))
      << "the first line names the schema, the second begins to say what the experiment reproduces";
}

TEST_P(ShippedExperiment, WrittenReadsBackTheSame) {
  const TemporaryFolder folder;
  Diagnostics diagnostics;
  const ReadExperiment first = read_experiment(GetParam(), {}, diagnostics);
  const std::string yaml = write_experiment(first.tree);
  const ReadExperiment second = read_experiment(folder.write("written.yaml", yaml), {}, diagnostics);
  ASSERT_TRUE(diagnostics.list().empty()) << render(diagnostics.list()) << yaml;
  EXPECT_TRUE(same_tree(first.tree, second.tree)) << yaml;
  EXPECT_EQ(flatten(first.tree), flatten(second.tree));
  EXPECT_EQ(write_experiment(second.tree), yaml);
}

INSTANTIATE_TEST_SUITE_P(All, ShippedExperiment, testing::ValuesIn(shipped_experiments()), [](const auto& info) {
  std::string name = info.param.stem();
  std::erase_if(name, [](unsigned char c) { return !std::isalnum(c); });
  return name;
});

}  // namespace
}  // namespace rxrun
