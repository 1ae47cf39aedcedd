#include "identity/stored_identity.h"

#include <gmock/gmock.h>

#include "plugins.h"

namespace rxrun::test {
namespace {

using ::testing::HasSubstr;

const std::vector<PluginInfo> installed = {shipped_plugin(), foreign_plugin()};
const RunInputs inputs{.content_hash = "c", .split_hash = "s", .precision = "float32"};

StoredExperiment stored(const std::string& yaml) {
  return {.resolved = write_experiment(resolved(yaml)),
          .inputs = inputs,
          .builds = {{"convnet", "of whatever build"}, {"mine", "f00d"}}};
}

RunIdentity fresh(const std::string& yaml, const std::vector<PluginInfo>& plugins = installed) {
  CheckedExperiment experiment;
  Diagnostics diagnostics;
  experiment.read = read_resolved(yaml, "a.yaml", diagnostics);
  Catalog catalog;
  for (const PluginInfo& plugin : plugins) catalog.add(plugin);
  experiment.network = check_network(experiment.experiment().network, catalog, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors());
  return identity_of(experiment, inputs);
}

const std::string text =
    "name: a\nseed: 4\nnetwork: {plugins: [convnet, /lab/libmine.so], stem: [{conv: {channels: 8, kernel: 3}}, "
    "{wobble: {strength: 0.5}}], head: [linear]}\ndata: {path: i}\n";

TEST(StoredIdentity, IsThatOfANewRunOfTheSame) {
  const StoredIdentity found = identity_of_stored(stored(text), installed);
  ASSERT_TRUE(found.identity) << found.fault;
  EXPECT_EQ(found.identity->run, fresh(text).run);
  EXPECT_EQ(found.identity->configuration, fresh(text).configuration);
}

TEST(StoredIdentity, APluginThatIsGoneLeavesItsOptionsAsWritten) {
  for (const bool rebuilt : {false, true}) {
    std::vector<PluginInfo> now = {shipped_plugin()};
    if (rebuilt) {
      now.push_back(foreign_plugin());
      now.back().manifest.build_id = "another";
    }
    const StoredIdentity written = identity_of_stored(stored(text), now);
    ASSERT_TRUE(written.identity) << written.fault;
    EXPECT_NE(written.identity->run, fresh(text).run) << "strength is the default, but who knows";
    std::string without = text;
    without.replace(without.find("{wobble: {strength: 0.5}}"), 25, "wobble");
    EXPECT_EQ(identity_of_stored(stored(without), now).identity->run, fresh(text).run);
  }
}

TEST(StoredIdentity, TakesTheRevisionsThatItWasComputedWith) {
  std::vector<PluginInfo> raised = installed;
  raised[0].layers[0].revision = 3;
  StoredExperiment run = stored(text);
  EXPECT_EQ(identity_of_stored(run, raised).identity->run, identity_of_stored(run, installed).identity->run);
  run.layer_revisions["conv"] = 3;
  EXPECT_EQ(identity_of_stored(run, raised).identity->run, fresh(text, raised).run);
  run.engine_revision = 2;
  EXPECT_NE(identity_of_stored(run, raised).identity->run, fresh(text, raised).run);
}

TEST(StoredIdentity, SaysWhyThereIsNone) {
  const auto fault = [](const std::string& yaml) {
    StoredExperiment run = stored(plain);
    run.resolved = yaml;
    run.builds = {{"convnet", "x"}};
    const StoredIdentity found = identity_of_stored(run, installed);
    EXPECT_FALSE(found.identity) << yaml;
    return found.fault;
  };
  EXPECT_THAT(fault(""), testing::Not(testing::IsEmpty()));
  EXPECT_THAT(fault("{"), testing::Not(testing::IsEmpty()));
  EXPECT_THAT(fault("- a\n"), testing::Not(testing::IsEmpty()));
  EXPECT_THAT(fault(plain + "training: {optimizer: gone}\n"), HasSubstr("gone"));
  EXPECT_THAT(fault("name: a\nnetwork: {plugins: [convnet], head: [gone]}\ndata: {path: i}\n"), HasSubstr("gone"));
  EXPECT_THAT(fault("name: a\nnetwork: {plugins: [convnet], head: [{conv: {gone: 1}}]}\ndata: {path: i}\n"),
              HasSubstr("gone"));
}

}  // namespace
}  // namespace rxrun::test
