#include "plugin/stored_plugins.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "diagnostics/render.h"
#include "diagnostics/shell_word.h"
#include "plugin/catalog.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

struct Place {
  fs::path results;  // canonical; of a run's folder that was sent alone: that folder
  bool imported = false;
};

bool is_there(const fs::path& path) {
  std::error_code code;
  return fs::symlink_status(path, code).type() != fs::file_type::not_found;
}

// FOLDER/checkpoints/RUN/experiment.yaml, FOLDER/sweeps/SWEEP/POINT.yaml, or RUN/experiment.yaml beside its record.
std::optional<Place> place_in_results(const fs::path& file) {
  std::error_code code;
  const fs::path folder = fs::canonical(file, code).parent_path();
  if (code) return std::nullopt;
  const bool imported = is_there(folder / kImportedNote);
  const fs::path above = folder.parent_path(), results = above.parent_path();
  if ((above.filename() == "checkpoints" || above.filename() == "sweeps") && is_there(results / "results.db"))
    return Place{.results = results, .imported = imported};
  if (imported || is_there(folder / "record.jsonl")) return Place{.results = folder, .imported = imported};
  return std::nullopt;
}

bool lies_below(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

// By the way to it, or where a link on the way leads.
bool is_in(const fs::path& library, const fs::path& results) {
  std::error_code code;
  const fs::path real = fs::weakly_canonical(library, code);
  const fs::path named = fs::weakly_canonical(library.parent_path(), code) / library.filename();
  return lies_below(real, results) || lies_below(named, results) || lies_below(library.lexically_normal(), results);
}

// `network.plugins=[...]` as it may be typed, with `placeholder` for this one where that is not empty.
std::string typed(const NetworkSpec& network, std::size_t which, const std::string& placeholder) {
  std::vector<std::string> plugins = network.plugins;
  if (!placeholder.empty()) plugins[which] = placeholder;
  return printable(shell_word(fmt::format("network.plugins=[{}]", fmt::join(plugins, ","))));
}

class Refusal {
 public:
  Refusal(ReadExperiment& read, Place place, Diagnostics& diagnostics)
      : read_(read), place_(std::move(place)), diagnostics_(diagnostics) {}

  // Whether the library that is named there may be loaded; of an imported run, the one that takes its place is named
  // then.
  bool allows(std::size_t which, Node& plugin) {
    if (!is_library_path(plugin.text) || plugin.origin == Node::Origin::command_line) return true;
    if (place_.imported) return finds_here(which, plugin);
    if (fs::path(plugin.text).is_absolute() && !is_in(plugin.text, place_.results)) return true;
    diagnostics_.error(
        plugin.where,
        fmt::format("the plugin library `{}` is not loaded for an experiment of {}: {}", printable(plugin.text),
                    printable(place_.results.string()),
                    fs::path(plugin.text).is_absolute()
                        ? "it lies in these results, and may have come with them"
                        : "the path is relative, which rxrun stores none, so that it may have come with these results"),
        fmt::format("if you trust it: {}; or put it into a folder of RXRUN_PLUGIN_PATH and name it without its path",
                    typed(read_.experiment.network, which, "")));
    return false;
  }

 private:
  bool finds_here(std::size_t which, Node& plugin) {
    const std::string name = plugin_name(plugin.text);
    if (const auto found = find_in_plugin_folders(name)) {
      plugin.text = found->string();
      read_.experiment.network.plugins[which] = plugin.text;
      return true;
    }
    diagnostics_.error(
        plugin.where,
        fmt::format("the run was imported: its plugin library `{}` is not loaded from that path, and there is no "
                    "plugin `{}` in the plugin folders here",
                    printable(plugin.text), printable(name)),
        fmt::format("put one that you trust into a folder of RXRUN_PLUGIN_PATH, or name it: {}",
                    typed(read_.experiment.network, which, "PATH")));
    return false;
  }

  ReadExperiment& read_;
  const Place place_;
  Diagnostics& diagnostics_;
};

}  // namespace

bool refuse_stored_plugins(ReadExperiment& read, Diagnostics& diagnostics) {
  const std::optional<Place> place = place_in_results(read.file);
  Node* network = read.tree.find("network");
  Node* list = network ? network->find("plugins") : nullptr;
  NetworkSpec& spec = read.experiment.network;
  if (!place || !list || list->items.size() != spec.plugins.size()) return false;
  Refusal refusal(read, *place, diagnostics);
  std::vector<std::size_t> refused;
  for (std::size_t i = 0; i < list->items.size(); ++i)
    if (!refusal.allows(i, list->items[i])) refused.push_back(i);
  for (auto i = refused.rbegin(); i != refused.rend(); ++i) {
    const auto at = static_cast<std::ptrdiff_t>(*i);
    list->items.erase(list->items.begin() + at);
    spec.plugins.erase(spec.plugins.begin() + at);
    if (at < std::ssize(spec.plugins_where)) spec.plugins_where.erase(spec.plugins_where.begin() + at);
  }
  return !refused.empty();
}

}  // namespace rxrun
