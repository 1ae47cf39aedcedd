// Whoever changes what the engine or a shipped layer computes, or a default, raises its revision; otherwise runs that
// are done would count as what the program computes now. These figures notice when that is forgotten.
#include <gmock/gmock.h>

#include <cstdlib>

#include "figures.h"
#include "files/files.h"
#include "identity/revisions.h"
#include "training/machine.h"

namespace rxrun::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const kGolden = RXRUN_SOURCE_DIR "/tests/golden/revisions.txt";

AllFigures compute_figures() {
  setenv("RXRUN_LIBEXEC", RXRUN_TEST_LIBEXEC, 1);
  set_up_machine({.device = "cpu", .threads = 1}, Precision::float32);
  AllFigures figures;
  figures["engine"] = engine_figures();
  for (const std::filesystem::path& library : all_plugins()) {
    const PluginInfo plugin = read_plugin(library);
    if (!plugin.manifest.shipped) continue;
    for (const LayerInfo& layer : plugin.layers) figures["layer " + layer.name] = layer_figures(plugin, layer);
  }
  return figures;
}

const AllFigures& figures_now() {
  static const AllFigures figures = compute_figures();
  return figures;
}

TEST(Revisions, AreRaisedWithWhatTheyCount) {
  const AllFigures recorded = read_figures(read_file(kGolden, 1 << 20));
  const AllFigures& now = figures_now();
  EXPECT_EQ(now.at("engine").revision, kEngineRevision);
  EXPECT_TRUE(now.contains("layer conv") && now.contains("layer bottleneck") &&
              now.contains("layer resnext_bottleneck"));
  for (const auto& [section, figures] : now) EXPECT_FALSE(figures.outputs.empty()) << section;
  const Comparison differences = compare(recorded, now);
  for (const std::string& one : differences.unexplained) ADD_FAILURE() << one;
  if (std::getenv("RXRUN_RECORD") == nullptr) {
    for (const std::string& one : differences.to_record)
      ADD_FAILURE() << one << ": record it, with RXRUN_RECORD=1 build/tests/revisions_test";
  } else if (differences.unexplained.empty()) {
    write_file_atomically(kGolden, write_figures(updated(recorded, now)));
  }
}

// A new key that alters numbers gets a case (figures_engine.cpp), or a reason to have none.
TEST(Revisions, EveryKeyThatAltersNumbersIsTried) {
  const std::set<std::string> exempt = {
      "data.source",
      "data.window",
      "data.classes",
      "data.on_bad_image",  // decode files: tests/data
      "training.initial_weights",
      "training.initial_weights.file",    // no arithmetic
      "training.initial_weights.except",  //
      "training.precision",               // not on every processor
      "network.plugins",
      "network.stages",
      "network.stages.block",
      "network.stages.depth",  // the layers' figures
  };
  const std::set<std::string> exercised = exercised_keys();
  const auto is_tried = [&](const std::string& key) {  // or something below it
    const auto found = exercised.lower_bound(key);
    return found != exercised.end() && (*found == key || found->starts_with(key + "."));
  };
  for (const auto& [key, value] : figures_now().at("engine").defaults)
    EXPECT_TRUE(exempt.contains(key) || is_tried(key)) << key << " is set by no case";
}

// ---- the comparison itself ----
AllFigures example() {
  return {{"layer a", {.revision = 2, .defaults = {{"gain", "1"}}, .outputs = {{"{}", {4.0, 0.5}}}}}};
}

TEST(Revisions, ADifferenceIsUnexplainedUntilTheRevisionIsRaised) {
  AllFigures now = example();
  EXPECT_THAT(compare(example(), now).unexplained, IsEmpty());
  now["layer a"].defaults["gain"] = "2";
  now["layer a"].outputs["{}"] = {4.1, 0.5};
  EXPECT_THAT(compare(example(), now).unexplained,
              ElementsAre(HasSubstr("`gain` was 1 by default and is 2: raise the revision of layer a"),
                          HasSubstr("`{}` gave 4 0.5 and gives 4.1 0.5: raise")));
  now["layer a"].revision = 3;
  EXPECT_THAT(compare(example(), now).unexplained, IsEmpty());
  EXPECT_THAT(compare(example(), now).to_record, ElementsAre("layer a has revision 3, not 2"));
}

TEST(Revisions, WhatIsNewNeedsNoRevision) {
  AllFigures now = example();
  now["layer a"].defaults["bias"] = "true";
  now["layer b"];
  EXPECT_THAT(compare(example(), now).unexplained, IsEmpty());
  EXPECT_THAT(compare(example(), now).to_record, ElementsAre("layer a: `bias` is new", "layer b is new"));
}

TEST(Revisions, RoundingIsNoDifference) {
  AllFigures now = example();
  now["layer a"].outputs["{}"] = {4.0002, 0.50003};
  EXPECT_THAT(compare(example(), now).unexplained, IsEmpty());
  EXPECT_EQ(write_figures(updated(example(), now)), write_figures(example()));
  EXPECT_EQ(write_figures(read_figures(write_figures(now))), write_figures(now));
}

}  // namespace
}  // namespace rxrun::test
