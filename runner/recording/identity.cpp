#include "recording/identity.h"

#include <algorithm>

#include "files/files.h"

namespace rxrun {

std::string run_identity(IdentityParts parts) {
  Sha256 hash;
  const auto add = [&hash](const std::string& name, const std::string& value) {
    hash.update(name + ":" + std::to_string(value.size()) + ":");
    hash.update(value);
    hash.update("\n");
  };
  add("experiment", parts.experiment);
  add("content", parts.content_hash);
  add("split", parts.split_hash);
  std::sort(parts.plugins.begin(), parts.plugins.end());
  for (const auto& [name, build_id] : parts.plugins) add("plugin " + name, build_id);
  add("engine", parts.engine_version);
  add("precision", parts.precision);
  return hash.hex();
}

}  // namespace rxrun
