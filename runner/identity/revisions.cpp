#include "identity/revisions.h"

namespace rxrun {

Revisions revisions_of(const CheckedNetwork& network) {
  Revisions revisions;
  std::map<std::string, std::int64_t> shipped;
  for (const PluginInfo& plugin : network.plugins) {
    if (!plugin.manifest.shipped)
      revisions.builds[plugin.manifest.plugin] = plugin.manifest.build_id;
    else
      for (const LayerInfo& layer : plugin.layers) shipped[layer.name] = layer.revision;
  }
  const auto use = [&](const CheckedLayer& layer) {
    if (const auto found = shipped.find(layer.layer); found != shipped.end()) revisions.layers.insert(*found);
  };
  for (const CheckedLayer& layer : network.stem) use(layer);
  for (const CheckedStage& stage : network.stages) use(stage.block);
  for (const CheckedLayer& layer : network.head) use(layer);
  return revisions;
}

}  // namespace rxrun
