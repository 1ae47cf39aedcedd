#include "identity/identity.h"

#include <gmock/gmock.h>

#include "plugins.h"

namespace rxrun::test {
namespace {

const RunInputs inputs{.content_hash = "c", .split_hash = "s", .precision = "float32"};

// As check_experiment does it, with plugins that are in no file.
CheckedExperiment checked(const std::string& text, const std::vector<PluginInfo>& plugins) {
  CheckedExperiment experiment;
  Diagnostics diagnostics;
  experiment.read = read_resolved(text, "a.yaml", diagnostics);
  Catalog catalog;
  for (const PluginInfo& plugin : plugins) catalog.add(plugin);
  experiment.network = check_network(experiment.experiment().network, catalog, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors());
  return experiment;
}

RunIdentity of(const std::string& text, const RunInputs& given = inputs,
               const std::vector<PluginInfo>& plugins = {shipped_plugin()}) {
  return identity_of(checked(text, plugins), given);
}

TEST(Identity, IsAHash) {
  EXPECT_THAT(of(plain).run, testing::MatchesRegex("[0-9a-f]{64}"));
  EXPECT_THAT(of(plain).configuration, testing::MatchesRegex("[0-9a-f]{16}"));
}

TEST(Identity, TakesEachInput) {
  const std::string weights = plain + "training: {initial_weights: {file: w.safetensors}}\n";
  RunInputs given = inputs;
  given.initial_weights = "1234";
  const auto changed = [&](std::string RunInputs::*input) {
    RunInputs other = given;
    other.*input = "other";
    return of(weights, other);
  };
  const RunIdentity before = of(weights, given);
  for (const auto input :
       {&RunInputs::content_hash, &RunInputs::split_hash, &RunInputs::precision, &RunInputs::initial_weights}) {
    EXPECT_NE(changed(input).run, before.run);
    EXPECT_EQ(changed(input).configuration == before.configuration, input == &RunInputs::split_hash);
  }
  EXPECT_EQ(of(plain + "training: {initial_weights: {file: elsewhere}}\n", given).run, before.run);
}

TEST(Identity, PrecisionIsWhatItBecame) {
  EXPECT_EQ(of(plain + "training: {precision: float32}\n").run, of(plain).run);
}

TEST(Configuration, LeavesOutTheSeedAndWhatFollowsFromIt) {
  EXPECT_NE(of(plain + "seed: 5\n").run, of(plain).run);
  EXPECT_EQ(of(plain + "seed: 5\n").configuration, of(plain).configuration);
  const std::string split = head + "data: {path: images, split: {seed: 5}}\n";
  EXPECT_EQ(of(split + "seed: 5\n").run, of(plain + "seed: 5\n").run) << "it repeats the seed";
  EXPECT_EQ(of(split + "seed: 5\n").configuration, of(plain).configuration);
  EXPECT_NE(of(split + "seed: 9\n").configuration, of(plain).configuration);
  EXPECT_NE(of(head + "data: {path: images, batch: 8}\n").configuration, of(plain).configuration);
}

TEST(Configuration, DataGeneratedByTheSeedIsTheSame) {
  RunInputs generated = inputs, another = inputs;
  generated.generated_data = another.generated_data = true;
  another.content_hash = "what another seed generates";
  EXPECT_EQ(of(plain, generated).configuration, of(plain, another).configuration);
  EXPECT_NE(of(plain, generated).configuration, of(plain).configuration);
  EXPECT_NE(of(plain, generated).run, of(plain, another).run);
}

TEST(Identity, TakesTheRevisionsOfShippedLayersInUse) {
  const RunIdentity before = of(plain);
  PluginInfo plugin = shipped_plugin();
  plugin.manifest.build_id = "another build";
  plugin.layers.push_back(layer("one_more"));
  plugin.layers[0].revision = 2;  // conv, which is not used
  plugin.layers[3].options.push_back(option("added", OptionType::boolean, true));
  EXPECT_EQ(of(plain, inputs, {plugin}).run, before.run);
  EXPECT_EQ(of(plain, inputs, {plugin}).configuration, before.configuration);
  plugin.layers[3].revision = 2;  // linear
  EXPECT_NE(of(plain, inputs, {plugin}).run, before.run);
  EXPECT_NE(of(plain, inputs, {plugin}).configuration, before.configuration);
}

TEST(Identity, TakesTheBuildsOfOtherPlugins) {
  const std::string text =
      "name: a\nnetwork: {plugins: [convnet, /lab/libmine.so], head: [wobble, linear]}\ndata: {path: i}\n";
  PluginInfo plugin = foreign_plugin();
  const RunIdentity before = of(text, inputs, {shipped_plugin(), plugin});
  plugin.layers[0].revision = 2;
  plugin.library = "/elsewhere/libmine.so";
  EXPECT_EQ(of(text, inputs, {shipped_plugin(), plugin}).run, before.run);
  EXPECT_EQ(of(text, inputs, {plugin, shipped_plugin()}).run, before.run);
  plugin.manifest.build_id = "beef";
  EXPECT_NE(of(text, inputs, {shipped_plugin(), plugin}).run, before.run);
}

TEST(Identity, TakesTheEnginesRevision) {
  const CheckedExperiment experiment = checked(plain, {shipped_plugin()});
  Revisions revisions = revisions_of(experiment.network);
  EXPECT_EQ(revisions.engine, kEngineRevision);
  ++revisions.engine;
  const RunIdentity raised = identity_of(experiment.read.tree, experiment.network.plugins, revisions, inputs);
  EXPECT_NE(raised.run, of(plain).run);
  EXPECT_NE(raised.configuration, of(plain).configuration);
}

}  // namespace
}  // namespace rxrun::test
