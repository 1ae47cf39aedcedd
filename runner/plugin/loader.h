// Plugin libraries as code: loaded through Boost.DLL, never unloaded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugin/catalog.h"
#include "rxrun/plugin.h"

namespace rxrun {

class LayerFactories {
 public:
  // Loads each library (RTLD_NOW), after its manifest was compared, and calls its entry function. Throws Error naming the
  // library and the cause.
  explicit LayerFactories(const std::vector<PluginInfo>& plugins);
  // Throws Error (a bug if the layer was checked before) for an unknown name; LayerError from the layer passes through, any
  // other exception of the plugin becomes a LayerError that names it.
  std::unique_ptr<Layer> make(const std::string& layer, const OptionValues& options, const Shape& input) const;

 private:
  std::vector<std::shared_ptr<LayerDefinition>> definitions_;
};

}  // namespace rxrun
