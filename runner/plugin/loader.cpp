#include "plugin/loader.h"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include <map>
#include <mutex>

#include "diagnostics/render.h"
#include "plugin/foreign_exception.h"
#include "plugin/layer_table.h"
#include "plugin/library_file.h"
#include "plugin/loading_note.h"

namespace rxrun {
namespace {

using Definitions = std::vector<std::shared_ptr<LayerDefinition>>;

[[noreturn]] void fail(const std::filesystem::path& library, const std::string& cause, const std::string& advice = {}) {
  throw Error(Failure::usage, "plugin library `" + printable(library.string()) + "` " + cause, advice);
}

// "... (dlerror system message: /a/libx.so: undefined symbol: _Zfoo): ..." → what dlerror said, with the symbol
// readable.
std::string load_fault(const std::string& what) {
  static const std::string mark = "dlerror system message: ";
  const std::size_t begin = what.find(mark);
  std::string text = begin == std::string::npos ? what : what.substr(begin + mark.size());
  if (begin != std::string::npos) text = text.substr(0, text.rfind("): "));
  static const std::string undefined = "undefined symbol: ";
  const std::size_t symbol = text.find(undefined);
  if (symbol == std::string::npos) return "cannot be loaded: " + printable(text);
  std::string name = text.substr(symbol + undefined.size());
  name = name.substr(0, name.find_first_of(" ,)"));
  return "cannot be loaded: it uses `" + printable(demangled(name.c_str())) +
         "`, which neither it nor what it links defines";
}

using Entry = void(Plugin&);

Entry* open_library(const std::filesystem::path& library) {
  // Objects of a plugin may live as long as the process, so its code does too: the handle is never destroyed.
  auto* handle = new boost::dll::shared_library();
  try {
    handle->load(library, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (!handle->has("rxrun_plugin_entry")) fail(library, "has no entry function", "RXRUN_PLUGIN defines it");
    return &handle->get<Entry>("rxrun_plugin_entry");
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail(library, load_fault(error.what()));
  } catch (...) {
    fail(library, "threw " + current_exception_text() + " while it was loaded");
  }
}

Definitions declare(const std::filesystem::path& library, Entry* entry) {
  Plugin plugin;
  try {
    entry(plugin);
  } catch (...) {
    fail(library, "threw while it declared its layers: " + current_exception_text());
  }
  std::vector<LayerInfo> infos;
  for (const auto& definition : plugin.layers()) infos.push_back(definition->info);
  check_layer_table(infos, library);
  return plugin.layers();
}

void compare_with_table(const PluginInfo& plugin, const Definitions& definitions) {
  std::vector<LayerInfo> infos;
  for (const auto& definition : definitions) infos.push_back(definition->info);
  if (infos != plugin.layers)
    fail(plugin.library, "offers layers that differ from its table of layers", "build it again");
}

}  // namespace

Definitions load_plugin(const std::filesystem::path& library) {
  static std::mutex mutex;
  static auto* loaded = new std::map<std::filesystem::path, Definitions>();
  const std::lock_guard lock(mutex);
  const LibraryFile file = read_library_file(library);
  if (const auto found = loaded->find(file.path); found != loaded->end()) return found->second;
  const LoadingNote note(file.path);
  Entry* entry = open_library(file.path);
  return loaded->emplace(file.path, declare(file.path, entry)).first->second;
}

LayerFactories::LayerFactories(const std::vector<PluginInfo>& plugins) {
  for (const PluginInfo& plugin : plugins) {
    const Definitions definitions = load_plugin(plugin.library);
    compare_with_table(plugin, definitions);
    definitions_.insert(definitions_.end(), definitions.begin(), definitions.end());
  }
}

std::unique_ptr<Layer> LayerFactories::make(const std::string& layer, const OptionValues& options,
                                            const Shape& input) const {
  for (const auto& definition : definitions_) {
    if (definition->info.name != layer) continue;
    if (options.size() != definition->info.options.size()) {
      throw Error(Failure::run, "layer `" + layer + "` is given " + std::to_string(options.size()) +
                                    " options; its table has " + std::to_string(definition->info.options.size()));
    }
    try {
      auto made = definition->make(options, input);
      if (made == nullptr) throw LayerError("its factory made no layer");
      return made;
    } catch (const LayerError&) {
      throw;
    } catch (...) {
      throw ForeignException("its constructor threw " + current_exception_text());
    }
  }
  throw Error(Failure::run, "layer `" + printable(layer) + "` is offered by no loaded plugin");
}

}  // namespace rxrun
