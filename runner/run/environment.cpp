#include "run/environment.h"

#include <algorithm>

#include "version.h"

namespace rxrun {

const std::vector<Fact>& facts() {
  static const std::vector<Fact> list = {
      {"precision", Decides::identity},        // float32 or bfloat16: what training.precision came to
      {"engine_revision", Decides::identity},  // kEngineRevision
      {"revision.", Decides::identity},        // of a shipped plugin's layer in use, by its name; unless it is 1
      {"plugin.", Decides::identity},          // build id of a plugin that is not shipped
      {"initial_weights", Decides::identity},  // SHA-256 of their file
      {"device", Decides::rounding},           // cpu, cuda:0; its number decides nothing
      {"cpu", Decides::rounding},              // the processor's name
      {"instruction_set", Decides::rounding},  // that LibTorch uses
      {"threads", Decides::rounding},          // of the mathematics
      {"libtorch", Decides::rounding},         // its version
      {"rxrun", Decides::rounding},            // its version
      {"shipped.", Decides::nothing},          // build id of a shipped plugin
  };
  return list;
}

Decides decided_by(const std::string& name) {
  const auto fact = std::find_if(facts().begin(), facts().end(), [&](const Fact& known) {
    return known.name.ends_with(".") ? name.starts_with(known.name) : name == known.name;
  });
  return fact == facts().end() ? Decides::nothing : fact->decides;
}

Environment environment_of(const Machine& machine, const CheckedNetwork& network,
                           const std::optional<InitialWeights>& weights) {
  const Revisions revisions = revisions_of(network);
  Environment environment = {{"rxrun", version},
                             {"libtorch", machine.libtorch},
                             {"cpu", machine.cpu},
                             {"instruction_set", machine.instruction_set},
                             {"device", machine.device},
                             {"threads", std::to_string(machine.threads)},
                             {"precision", to_string(machine.precision)},
                             {"engine_revision", std::to_string(revisions.engine)}};
  if (weights) environment.emplace_back("initial_weights", weights->sha256);
  for (const auto& [layer, revision] : revisions.layers)
    if (revision != 1) environment.emplace_back("revision." + layer, std::to_string(revision));
  for (const PluginInfo& plugin : network.plugins)
    environment.emplace_back((plugin.manifest.shipped ? "shipped." : "plugin.") + plugin.manifest.plugin,
                             plugin.manifest.build_id);
  return environment;
}

bool same_fact(const std::string& name, const std::string& one, const std::string& other) {
  const auto kind = [&](const std::string& value) {
    return name == "device" ? value.substr(0, value.find(':')) : value;
  };
  return kind(one) == kind(other);
}

}  // namespace rxrun
