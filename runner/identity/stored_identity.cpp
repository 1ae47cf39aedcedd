#include "identity/stored_identity.h"

#include "experiment/read.h"

namespace rxrun {
namespace {

const PluginInfo* find_table(const std::vector<PluginInfo>& installed, const std::string& name,
                             const std::string& build) {
  for (const PluginInfo& plugin : installed)
    if (plugin.manifest.plugin == name && (plugin.manifest.shipped || plugin.manifest.build_id == build))
      return &plugin;
  return nullptr;
}

Revisions revisions_of(const StoredExperiment& stored, const CheckedNetwork& network) {
  Revisions revisions = revisions_of(network);
  revisions.engine = stored.engine_revision;
  for (auto& [layer, revision] : revisions.layers) {
    const auto recorded = stored.layer_revisions.find(layer);
    revision = recorded == stored.layer_revisions.end() ? 1 : recorded->second;
  }
  return revisions;
}

}  // namespace

StoredIdentity identity_of_stored(const StoredExperiment& stored, const std::vector<PluginInfo>& installed) {
  Diagnostics found;
  try {
    const ReadExperiment read = read_resolved(stored.resolved, "the stored experiment", found);
    Catalog catalog;
    std::map<std::string, std::string> gone;
    for (const auto& [name, build] : stored.builds)
      if (const PluginInfo* plugin = find_table(installed, name, build))
        catalog.add(*plugin);
      else
        gone[name] = build;
    if (!gone.empty()) catalog.set_incomplete();
    const CheckedNetwork network = check_network(read.experiment.network, catalog, found);
    found.throw_errors();
    Revisions revisions = revisions_of(stored, network);
    revisions.builds.merge(gone);
    return {.identity = identity_of(read.tree, network.plugins, revisions, stored.inputs), .fault = {}};
  } catch (const Error& error) {
    return {.identity = std::nullopt, .fault = error.what()};
  }
}

}  // namespace rxrun
