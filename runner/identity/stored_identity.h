// The identity of a run that is recorded already, from what was recorded of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "identity/identity.h"
#include "plugin/catalog.h"

namespace rxrun {

struct StoredExperiment {
  std::string resolved;  // the experiment as write_experiment gave it, YAML
  RunInputs inputs;
  std::map<std::string, std::string> builds;  // of all its plugins, by name: build ids
  // Those that it was computed with. Runs that recorded none were computed when all were 1.
  std::int64_t engine_revision = 1;
  std::map<std::string, std::int64_t> layer_revisions;  // that are not 1
};

struct StoredIdentity {
  std::optional<RunIdentity> identity;
  std::string fault;  // why there is none: the experiment is one that this version refuses
};

// The run as a new run of the same experiment would be identified if nothing had changed since. `installed`: the
// plugins whose tables are known (installed_plugins()). A plugin of `builds` that is installed and shipped counts by
// the revisions of its layers, any other by its build id; if none of that build is installed, its layers' options count
// as written, also those that equal their default. Throws nothing for whatever the text may be.
StoredIdentity identity_of_stored(const StoredExperiment& stored, const std::vector<PluginInfo>& installed);

}  // namespace rxrun
