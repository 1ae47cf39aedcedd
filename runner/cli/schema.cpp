// rxrun schema: the JSON Schema of experiment files, with the layers of every plugin that can be found.
#include <iostream>
#include <vector>

#include "cli/commands.h"
#include "plugin/catalog.h"
#include "plugin/schema.h"

namespace rxrun {

int run_schema(const SchemaOptions&) {
  std::vector<LayerInfo> layers;
  for (const std::filesystem::path& library : all_plugins()) {
    const PluginInfo plugin = read_plugin(library);
    layers.insert(layers.end(), plugin.layers.begin(), plugin.layers.end());
  }
  std::cout << experiment_schema(layers);
  return 0;
}

}  // namespace rxrun
