// Plugin libraries as code: loaded through Boost.DLL, never unloaded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugin/catalog.h"
#include "rxrun/plugin.h"

namespace rxrun {

// Loads one library (RTLD_NOW) after comparing its manifest and calls its entry function; it stays loaded for the life
// of the process. Throws Error naming the library and the cause. A crash meanwhile ends the process with a line that
// names the library and the signal.
std::vector<std::shared_ptr<LayerDefinition>> load_plugin(const std::filesystem::path& library);

// A plugin's constructor threw something that is no LayerError: a fault of the plugin, not of what it was given.
class ForeignException : public LayerError {
 public:
  using LayerError::LayerError;
};

class LayerFactories {
 public:
  // load_plugin for each. Throws Error also when a library's code offers other layers than its table says.
  explicit LayerFactories(const std::vector<PluginInfo>& plugins);
  // Throws Error (a bug if the layer was checked before) for an unknown name; LayerError from the layer passes through,
  // any other exception of the plugin becomes a ForeignException that names its type.
  std::unique_ptr<Layer> make(const std::string& layer, const OptionValues& options, const Shape& input) const;

 private:
  std::vector<std::shared_ptr<LayerDefinition>> definitions_;
};

}  // namespace rxrun
