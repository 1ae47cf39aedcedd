// What is stored of an experiment is read again by resume, evaluate and rerun, and by the workers of a sweep.
#include <gtest/gtest.h>

#include <algorithm>

#include "diagnostics/render.h"
#include "drawn_experiment.h"
#include "experiment/node_values.h"
#include "experiment/read.h"
#include "experiment_text.h"
#include "same_tree.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

struct Read {
  ReadExperiment experiment;
  std::vector<std::string> faults;  // sorted: places differ
};

Read read(const std::filesystem::path& file) {
  Diagnostics diagnostics;
  Read read{.experiment = read_experiment(file, {}, diagnostics), .faults = {}};
  for (const Diagnostic& diagnostic : diagnostics.list()) read.faults.push_back(diagnostic.message);
  std::sort(read.faults.begin(), read.faults.end());
  return read;
}

TEST(RoundTrip, EveryExperimentThatIsReadIsWrittenSoThatItReadsTheSame) {
  constexpr int draws = 2000;
  const TemporaryFolder folder;
  DrawnExperiments experiments(1);
  int sound = 0;
  for (int i = 0; i < draws && !testing::Test::HasFailure(); ++i) {
    const std::string drawn = experiments.next();
    const Read first = read(folder.write("drawn.yaml", drawn));
    const Node stored = frozen(first.experiment);
    const std::string text = write_experiment(stored);
    const Read second = read(folder.write("stored.yaml", text));
    SCOPED_TRACE("draw " + std::to_string(i) + ":\n" + drawn + "\n\nstored:\n" + text);
    EXPECT_EQ(second.faults, first.faults) << "which only rules between keys may have";
    EXPECT_EQ(text_of(second.experiment.experiment), text_of(first.experiment.experiment));
    EXPECT_TRUE(same_tree(second.experiment.tree, stored));
    EXPECT_EQ(write_experiment(frozen(second.experiment)), text);
    Diagnostics ignored;
    EXPECT_TRUE(same_tree(read_resolved(text, "stored", ignored).tree, stored));
    EXPECT_EQ(flatten(second.experiment.tree), flatten(stored));
    sound += first.faults.empty() ? 1 : 0;
  }
  EXPECT_GT(sound, draws / 20);
  if (testing::Test::HasFailure()) return;
  for (const std::string& way : DrawnExperiments::all_ways())
    EXPECT_TRUE(experiments.drawn().contains(way)) << way << " was never drawn";
}

// Where it cannot be, that is told before anything is computed.
TEST(RoundTrip, WhatNoFileCanHoldIsNotWritten) {
  const TemporaryFolder folder;
  const std::string start = "name: a\nnetwork: {plugins: [p], head: [linear]";
  const auto message = [&](const std::filesystem::path& file) -> std::string {
    const Read first = read(file);
    EXPECT_EQ(first.faults, std::vector<std::string>{});
    try {
      write_experiment(frozen(first.experiment));
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  };
  std::string aliases = start + ", x1: &x '" + std::string(4000, 'x') + "'";
  for (int i = 2; i < 300; ++i) aliases += ", x" + std::to_string(i) + ": *x";
  EXPECT_NE(message(folder.write("a.yaml", aliases + "}\ndata: {source: histology}\n")).find("the limit is 1048576"),
            std::string::npos);

  const std::filesystem::path before = std::filesystem::current_path(), odd = folder.path() / "a\xff";
  std::filesystem::create_directory(odd);
  std::filesystem::current_path(odd);
  const std::string told = message(folder.write("a.yaml", start + "}\ndata: {path: images}\n"));
  std::filesystem::current_path(before);
  EXPECT_NE(told.find("has an invalid character"), std::string::npos) << told;
}

TEST(RoundTrip, ASizeOfMemoryIsTheSameInEverySpelling) {
  const TemporaryFolder folder;
  const auto memory = [&](const std::string& value) {
    return read(folder.write(
        "a.yaml",
        "name: a\nnetwork: {plugins: [p], head: [linear]}\ndata: {source: histology, memory: " + value + "}\n"));
  };
  for (const std::string value : {"1125899906842623", "1125899906842624", "1023 GiB", "0.000001 TB"}) {
    const Read first = memory(value);
    EXPECT_EQ(first.faults, std::vector<std::string>{});
    const Node* written = first.experiment.tree.find("data")->find("memory");
    EXPECT_EQ(memory(written->text).experiment.experiment.data.memory, first.experiment.experiment.data.memory)
        << value;
  }
  for (const std::string value : {"1125899906842625", "1.000001 PiB", "1025 TiB", "999999999999999 TiB"})
    EXPECT_EQ(memory(value).faults.size(), 1u) << value;
}

}  // namespace
}  // namespace rxrun
