// Identities of experiments as they were stored. Who has to change a hash here makes every run that anybody has
// finished one that would be computed again, and parts it from its further seeds: results.db then needs a migration
// that gives the stored runs their new identities (identity/stored_identity.h).
#include <gtest/gtest.h>

#include <cstdlib>

#include "files/files.h"
#include "identity/stored_identity.h"

namespace rxrun::test {
namespace {

struct Pinned {
  std::string file;
  RunInputs inputs;
  std::map<std::string, std::string> builds;
  std::string run, configuration;
};

const std::vector<Pinned> kPinned = {
    // Residual stages, network-wide values, real images.
    {"resnext50_breast.yaml",
     {.content_hash = "6d1b", .split_hash = "29aa", .precision = "bfloat16"},
     {{"convnet", "1"}, {"resnext", "2"}},
     "dadaa9b52a35410bf72c2e5f399985fc292200eeaad32e62d0947e516d43cd31",
     "3492e50d36f832fd"},
    // Few layers, generated images, most keys at their defaults.
    {"small.yaml",
     {.content_hash = "77f0", .split_hash = "b3c5", .generated_data = true, .precision = "float32"},
     {{"convnet", "1"}},
     "45088eb96005a11f2e4052bfa0583803e337a5e5b0957f1fd06bf9a05f4e57e1",
     "2fbdafa25507799a"},
    // A plugin of somebody else, initial weights, choices of every sort.
    {"everything.yaml",
     {.content_hash = "0c9e", .split_hash = "51d2", .precision = "float32", .initial_weights = "e3b0"},
     {{"convnet", "1"}, {"resnet", "2"}, {"mine", "f00dfeed"}},
     "ea32c01e1a16bc6b972079795e0f98c19414fb193ba6baafc0ab475d01a8823b",
     "933a3937064dba3c"},
};

TEST(PinnedIdentity, IsWhatItWas) {
  ASSERT_EQ(setenv("RXRUN_LIBEXEC", RXRUN_TEST_LIBEXEC, 1), 0);
  const std::vector<PluginInfo> installed = installed_plugins();
  ASSERT_EQ(installed.size(), 3u) << "convnet, resnet, resnext";
  for (const Pinned& pinned : kPinned) {
    const std::string text = read_file(RXRUN_SOURCE_DIR "/tests/golden/stored/" + pinned.file, 1 << 20);
    const StoredIdentity found =
        identity_of_stored({.resolved = text, .inputs = pinned.inputs, .builds = pinned.builds}, installed);
    ASSERT_TRUE(found.identity) << pinned.file << ": " << found.fault;
    EXPECT_EQ(found.identity->run, pinned.run) << pinned.file;
    EXPECT_EQ(found.identity->configuration, pinned.configuration) << pinned.file;
  }
}

}  // namespace
}  // namespace rxrun::test
