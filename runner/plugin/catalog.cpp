#include "plugin/catalog.h"

#include "diagnostics/render.h"
#include "plugin/library_file.h"
#include "plugin/probe.h"

namespace rxrun {

PluginInfo read_plugin(const std::filesystem::path& library) {
  const LibraryFile file = read_library_file(library);
  PluginInfo info;
  info.library = file.path;
  info.manifest = file.manifest;
  info.layers = layers_from_json(file.layers ? *file.layers : probe_layers(file.path), file.path);
  return info;
}

void Catalog::add(PluginInfo plugin) {
  for (const PluginInfo& known : plugins_) {
    if (known.library == plugin.library) return;
  }
  for (const LayerInfo& layer : plugin.layers) {
    if (const auto found = find(layer.name)) {
      throw Error(Failure::usage,
                  "layer `" + layer.name + "` is offered by two plugins: `" + found->plugin->manifest.plugin + "` (" +
                      printable(found->plugin->library.string()) + ") and `" + plugin.manifest.plugin + "` (" +
                      printable(plugin.library.string()) + ")",
                  "name only one of them in network.plugins");
    }
  }
  plugins_.push_back(std::move(plugin));
}

std::optional<Catalog::Found> Catalog::find(const std::string& layer) const {
  for (const PluginInfo& plugin : plugins_) {
    for (const LayerInfo& info : plugin.layers) {
      if (info.name == layer) return Found{&plugin, &info};
    }
  }
  return std::nullopt;
}

std::vector<std::string> Catalog::layer_names() const {
  std::vector<std::string> names;
  for (const PluginInfo& plugin : plugins_) {
    for (const LayerInfo& info : plugin.layers) names.push_back(info.name);
  }
  return names;
}

std::vector<PluginInfo> installed_plugins() {
  std::vector<PluginInfo> plugins;
  try {
    for (const std::filesystem::path& library : all_plugins()) {
      try {
        plugins.push_back(read_plugin(library));
      } catch (const Error&) {
        continue;
      }
    }
  } catch (const Error&) {
    return plugins;
  }
  return plugins;
}

Catalog load_catalog(const NetworkSpec& network, Diagnostics& diagnostics) {
  Catalog catalog;
  // That `plugins` is missing, or misspelt, is told. The layers are held against all plugins that there are, so that
  // their own errors are told with it; a layer that is unknown even then may belong to a plugin in another place.
  if (network.plugins.empty()) {
    for (PluginInfo& plugin : installed_plugins()) {
      try {
        catalog.add(std::move(plugin));
      } catch (const Error&) {
        continue;  // a layer of that name is there already
      }
    }
    catalog.set_incomplete();
    return catalog;
  }
  for (std::size_t i = 0; i < network.plugins.size(); ++i) {
    const SourceLocation where = i < network.plugins_where.size() ? network.plugins_where[i] : network.where;
    try {
      catalog.add(read_plugin(find_plugin(network.plugins[i])));
    } catch (const Error& error) {
      for (const Diagnostic& diagnostic : error.diagnostics())
        diagnostics.error(where, diagnostic.message, diagnostic.advice);
      catalog.set_incomplete();
    }
  }
  return catalog;
}

}  // namespace rxrun
