#include "plugin/checked_experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "diagnostics/in_order_of_place.h"
#include "experiment/overrides.h"
#include "plugin/experiment_file.h"
#include "plugin/stored_plugins.h"

namespace rxrun {
namespace {

// The layers of the network that have an option of that name, each once.
std::vector<std::string> layers_with(const std::string& option, const NetworkSpec& network, const Catalog& catalog) {
  std::vector<std::string> names;
  const auto add = [&](const LayerSpec& spec) {
    const auto found = catalog.find(spec.layer);
    if (!found || std::find(names.begin(), names.end(), spec.layer) != names.end()) return;
    const auto& options = found->layer->options;
    if (std::any_of(options.begin(), options.end(), [&](const OptionInfo& info) { return info.name == option; }))
      names.push_back(spec.layer);
  };
  for (const LayerSpec& layer : network.stem) add(layer);
  for (const StageSpec& stage : network.stages) add(stage.block);
  for (const LayerSpec& layer : network.head) add(layer);
  return names;
}

// `base_width=4` of a file that does not write it names no key; the network-wide value of that name would reach the
// blocks.
std::vector<Diagnostic> with_options_advised(std::vector<Diagnostic> faults, const std::vector<Override>& overrides,
                                             const NetworkSpec& network, const Catalog& catalog) {
  for (Diagnostic& fault : faults) {
    for (const Override& change : overrides) {
      const bool of_other_kind = fault.message == unchosen_key(change.path);
      if (fault.where.file != "command line" || (fault.message != unknown_key(change.path) && !of_other_kind)) continue;
      const std::vector<std::string> layers = layers_with(change.path, network, catalog);
      if (layers.empty()) continue;
      fault.advice =
          fmt::format("{}write `network.{}`: it reaches every layer that has an option of that name, here {}",
                      of_other_kind ? fault.advice + "; or " : "", change.path, fmt::join(layers, ", "));
    }
  }
  return faults;
}

}  // namespace

CheckedExperiment check_experiment(const ExperimentArguments& arguments, Diagnostics diagnostics) {
  require_experiment_file(arguments.file);
  std::vector<Override> overrides;
  for (const std::string& word : arguments.overrides) overrides.push_back(parse_override(word));

  CheckedExperiment checked;
  Diagnostics found;
  checked.read = read_experiment(arguments.file, overrides, found);
  const bool refused = refuse_stored_plugins(checked.read, found);
  const NetworkSpec& network = checked.experiment().network;
  Catalog catalog = load_catalog(network, found);
  if (refused) catalog.set_incomplete();
  found = Diagnostics(with_options_advised(found.list(), overrides, network, catalog));
  checked.network = check_network(network, catalog, found);
  for (const Diagnostic& diagnostic : in_order_of_place(found.list())) diagnostics.add(diagnostic);
  diagnostics.throw_errors();
  checked.warnings = diagnostics.list();
  return checked;
}

}  // namespace rxrun
