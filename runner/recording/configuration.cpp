#include "recording/configuration.h"

#include <algorithm>
#include <string_view>

#include "files/files.h"

namespace rxrun {
namespace {

bool left_out(const std::string& name, const std::string& value, const std::string& seed) {
  static constexpr std::string_view kNames[] = {"seed", "name", "description", "data.path", "data.memory"};
  if (std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames)) return true;
  if (name.starts_with("machine.")) return true;
  return name == "data.split.seed" && value == seed;  // filled in from the experiment's
}

void add(Sha256& hash, std::string_view text) {
  hash.update(std::to_string(text.size()) + ":");
  hash.update(text);
}

}  // namespace

std::string configuration_of(const RunRecord& run) {
  auto params = run.params;
  std::sort(params.begin(), params.end());
  Sha256 hash;
  for (const auto& [name, value] : params) {
    if (left_out(name, value, std::to_string(run.seed))) continue;
    add(hash, name);
    add(hash, value);
  }
  add(hash, run.generated_data ? "generated" : run.content_hash);
  return hash.hex().substr(0, 16);
}

}  // namespace rxrun
