// Faulty experiment files and the exact text of their errors, as tests/golden/experiment_errors/ holds them.
// RXRUN_UPDATE_GOLDEN=1 writes what is told now into those files, for a look at the difference before it is kept.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "diagnostics/render.h"
#include "experiment/read.h"
#include "files/files.h"
#include "golden_corpus.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

const std::string golden = RXRUN_SOURCE_DIR "/tests/golden/";

// Errors name files as they were given: the folder is the working one.
std::string told_of(const std::string& yaml) {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::copy_file(golden + "experiment_base.yaml", folder.path() / "base.yaml");
  folder.write("case.yaml", yaml);
  std::filesystem::current_path(folder.path());
  Diagnostics diagnostics;
  read_experiment("case.yaml", {}, diagnostics);
  std::filesystem::current_path(before);
  std::string text = render(diagnostics.list());
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

class ExperimentErrors : public testing::TestWithParam<std::string> {};

TEST_P(ExperimentErrors, AreToldWordForWord) {
  const std::string file = golden + "experiment_errors/" + GetParam() + ".txt";
  const GoldenCorpus corpus = read_corpus(file);
  EXPECT_GT(corpus.cases.size(), 20u);
  const bool update = std::getenv("RXRUN_UPDATE_GOLDEN") != nullptr;
  std::string updated = corpus.heading;
  for (const GoldenCase& one : corpus.cases) {
    const std::string told = told_of(one.text);
    EXPECT_FALSE(told.empty()) << one.title << " is read without a word";
    if (!update) {
      EXPECT_EQ(told, one.expected) << one.title << "\n" << one.text;
    }
    updated += "## " + one.title + "\n" + one.text + "----\n" + told;
  }
  if (update) write_file_atomically(file, updated);
}

INSTANTIATE_TEST_SUITE_P(Golden, ExperimentErrors, testing::Values("keys", "network", "data", "training"));

TEST(ExperimentErrors, BaseIsSound) {
  Diagnostics diagnostics;
  read_experiment(golden + "experiment_base.yaml", {}, diagnostics);
  EXPECT_TRUE(diagnostics.list().empty()) << render(diagnostics.list());
}

}  // namespace
}  // namespace rxrun
