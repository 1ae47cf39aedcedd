#include "run/environment.h"

#include <gmock/gmock.h>

#include <regex>
#include <sstream>

#include "files/files.h"

namespace rxrun::test {
namespace {

std::string words(Decides decides) {
  return decides == Decides::identity ? "identity" : decides == Decides::rounding ? "rounding" : "nothing";
}

// The rows of the table in schemas/README.md: name, what it decides. `plugin.NAME` stands for all of `plugin.`.
std::vector<std::string> documented() {
  std::vector<std::string> rows;
  std::istringstream lines(read_file(RXRUN_SOURCE_DIR "/schemas/README.md", 1 << 20));
  std::string line;
  while (std::getline(lines, line) && !line.starts_with("| `environment` | decides |")) {
  }
  std::getline(lines, line);  // the ruler
  const std::regex row(R"(\| `([a-z_]+\.?)[A-Z]*` \| ([a-z]+) \| .*)");
  for (std::smatch match; std::getline(lines, line) && std::regex_match(line, match, row);)
    rows.push_back(match.str(1) + " " + match.str(2));
  return rows;
}

TEST(Environment, IsDocumentedAsItIs) {
  std::vector<std::string> listed;
  for (const Fact& fact : facts()) listed.push_back(fact.name + " " + words(fact.decides));
  EXPECT_EQ(documented(), listed);
}

TEST(Environment, EverythingRecordedIsInTheList) {
  CheckedNetwork network;
  network.plugins = {
      {.manifest = {.plugin = "convnet", .build_id = "1", .shipped = true}, .layers = {{.name = "conv"}}},
      {.manifest = {.plugin = "mine", .build_id = "2"}}};
  network.plugins[0].layers[0].revision = 2;
  network.stem = {{.layer = "conv"}};
  const std::optional<InitialWeights> weights{std::in_place};
  std::vector<bool> recorded(facts().size(), false);
  for (const auto& [name, value] : environment_of({}, network, weights)) {
    bool known = false;
    for (std::size_t i = 0; i < facts().size(); ++i)
      if (const std::string& fact = facts()[i].name; name == fact || (fact.ends_with(".") && name.starts_with(fact)))
        recorded[i] = known = true;
    EXPECT_TRUE(known) << name;
  }
  EXPECT_THAT(recorded, testing::Each(true));
}

TEST(Environment, ADeviceIsItsKind) {
  EXPECT_TRUE(same_fact("device", "cuda:0", "cuda:1"));
  EXPECT_FALSE(same_fact("device", "cuda:0", "cpu"));
  EXPECT_FALSE(same_fact("libtorch", "1:0", "1:1"));
  EXPECT_EQ(decided_by("plugin.mine"), Decides::identity);
  EXPECT_EQ(decided_by("shipped.convnet"), Decides::nothing);
}

}  // namespace
}  // namespace rxrun::test
