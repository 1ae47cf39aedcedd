// What the plugins offer, known without loading LibTorch or running their code.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "experiment/experiment.h"
#include "rxrun/option.h"

namespace rxrun {

// The manifest's facts (rxrun/manifest.h) and the linker's build id.
struct Manifest {
  std::string plugin;
  std::string sdk;
  std::string libtorch;
  std::string abi;
  std::string compiler;
  std::string build_id;  // hexadecimal, from .note.gnu.build-id
  bool shipped = false;  // with rxrun
  bool operator==(const Manifest&) const = default;
};

struct PluginInfo {
  std::filesystem::path library;
  Manifest manifest;
  std::vector<LayerInfo> layers;
};

// Reads a library's sections without loading it. A library without the table of layers is asked in a child process
// (`rxrun-plugin-describe`, 10 s), so that one that crashes or hangs at start is an error and no more. Throws Error
// naming the library and the cause: missing, not ELF, another machine's, truncated, no manifest, a manifest that does
// not fit (both sides named), crashed or hung, a malformed table; or another user can write it (other_writers.h).
PluginInfo read_plugin(const std::filesystem::path& library);

// Finds plugins by name or path: RXRUN_PLUGIN_PATH (colon-separated), then the `plugins` folder beside the program's
// libraries. A name `convnet` is the file `libconvnet.so` or `convnet.so`.
std::vector<std::filesystem::path> plugin_folders();
std::filesystem::path find_plugin(
    const std::string& name_or_path);              // throws Error with what was searched and the nearest name
std::vector<std::filesystem::path> all_plugins();  // every library in the folders, by name
// "libconvnet.so" and "convnet.so" are both the plugin `convnet`.
std::string plugin_name(const std::filesystem::path& library);
// As find_plugin, for a name; empty when none of the folders has it. Throws Error where others can write it.
std::optional<std::filesystem::path> find_in_plugin_folders(const std::string& name);

class Catalog {
 public:
  // Throws Error when two plugins offer a layer of the same name, naming both. The same library twice counts once.
  void add(PluginInfo plugin);
  const std::vector<PluginInfo>& plugins() const { return plugins_; }
  struct Found {
    const PluginInfo* plugin;
    const LayerInfo* layer;
  };
  std::optional<Found> find(const std::string& layer) const;
  std::vector<std::string> layer_names() const;
  // A plugin that the network names could not be read: layers that are unknown here may be its.
  void set_incomplete() { complete_ = false; }
  bool complete() const { return complete_; }

 private:
  std::vector<PluginInfo> plugins_;
  bool complete_ = true;
};

// Those in the folders that can be read; a damaged plugin is left out.
std::vector<PluginInfo> installed_plugins();

// The plugins that a network names, in order; all that are installed if it names none. Every error goes to
// `diagnostics` with its place in the YAML.
Catalog load_catalog(const NetworkSpec& network, Diagnostics& diagnostics);

// ---- a network whose options are complete ----
struct CheckedLayer {
  std::string layer;
  std::string type_name;
  std::string weight_prefix;
  bool view = false;
  bool stride_first_only = false;            // a block: options named `stride` are 1 from the second repetition on
  OptionValues options;                      // complete, in the table's order; monostate for "work it out"
  std::vector<std::string> classes_options;  // options that take the number of classes when absent
  SourceLocation where;
};
struct CheckedStage {
  CheckedLayer block;
  std::int64_t depth = 1;
};
struct CheckedNetwork {
  std::vector<CheckedLayer> stem;
  std::vector<CheckedStage> stages;
  std::vector<CheckedLayer> head;
  std::vector<PluginInfo> plugins;
};

// Checks every layer against the catalog: unknown layer or option (with the nearest name), missing option, wrong type,
// out of range, unknown choice, a network-wide value that no layer takes. Hands network-wide values to the layers that
// have an option of that name and do not set it themselves.
CheckedNetwork check_network(const NetworkSpec& network, const Catalog& catalog, Diagnostics& diagnostics);

// The table of layers as JSON and back; from_json throws Error for a malformed one.
std::string layers_to_json(const std::vector<LayerInfo>& layers);
std::vector<LayerInfo> layers_from_json(const std::string& json, const std::filesystem::path& library);

}  // namespace rxrun
