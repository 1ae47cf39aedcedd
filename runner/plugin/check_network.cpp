#include <algorithm>
#include <set>

#include "diagnostics/render.h"
#include "experiment/interpolation.h"
#include "experiment/sections.h"
#include "plugin/catalog.h"
#include "plugin/layer_table.h"
#include "plugin/read_option.h"

namespace rxrun {
namespace {

// What the check needs to know all the way down.
struct Context {
  const NetworkSpec& network;
  const Catalog& catalog;
  Diagnostics& diagnostics;
  std::set<std::string> taken;         // network-wide values that a layer has an option for
  std::set<std::string> option_names;  // of all used layers
  std::set<std::string> told;          // faults of network-wide values, told once
  bool all_known = true;               // every layer was found
};

std::string advice_for_layer(const std::string& name, const Catalog& catalog) {
  std::vector<std::string> names = catalog.layer_names();
  const std::vector<PluginInfo> installed = installed_plugins();
  const auto offering = [&](const std::string& layer) -> const PluginInfo* {
    for (const PluginInfo& plugin : installed) {
      for (const LayerInfo& info : plugin.layers) {
        if (info.name == layer) return &plugin;
      }
    }
    return nullptr;
  };
  if (const PluginInfo* plugin = offering(name)) {
    return "`" + name + "` is offered by plugin `" + plugin->manifest.plugin + "`: add it to network.plugins";
  }
  for (const PluginInfo& plugin : installed) {
    for (const LayerInfo& info : plugin.layers) names.push_back(info.name);
  }
  const auto nearest = nearest_name(name, names);
  if (!nearest) return "`rxrun plugins` lists the available layers";
  if (catalog.find(*nearest)) return "did you mean `" + *nearest + "`?";
  return "did you mean `" + *nearest + "` of plugin `" + offering(*nearest)->manifest.plugin + "`?";
}

void tell_unknown_options(const LayerSpec& spec, const LayerInfo& info, bool in_stage, Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const OptionInfo& option : info.options) names.push_back(option.name);
  std::vector<std::string> meant = names;
  if (in_stage) meant.emplace_back("depth");  // a key of the stage, beside the options of its block
  for (const Node::Entry& entry : spec.options) {
    if (std::find(names.begin(), names.end(), entry.key) != names.end()) continue;
    std::string advice;
    if (const auto nearest = nearest_name(entry.key, meant)) {
      advice = "did you mean `" + *nearest + "`?";
    } else if (names.empty()) {
      advice = "it has no options";
    } else {
      for (const std::string& name : names) advice += (advice.empty() ? "its options: " : ", ") + name;
    }
    diagnostics.error(entry.key_where, "layer `" + info.name + "` has no option `" + printable(entry.key) + "`",
                      advice);
  }
}

const Node* find(const std::vector<Node::Entry>& entries, const std::string& key) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Node::Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

// The option's value: from the layer itself, else from the network-wide values, else its default.
OptionValue value_of(const OptionInfo& option, const LayerSpec& spec, const LayerInfo& info, Context& context) {
  const Node* own = find(spec.options, option.name);
  const Node* shared = find(context.network.shared, option.name);
  if (shared != nullptr) context.taken.insert(option.name);
  const Node* node = own != nullptr ? own : shared;
  if (node == nullptr) {
    if (option.required()) {
      context.diagnostics.error(spec.where, "layer `" + info.name + "` needs option `" + option.name + "` (" +
                                                to_string(option.type) + "): " + printable(option.doc));
    }
    return option.default_value;
  }
  const OptionResult result = read_option(option, info.name, *node);
  // An expression that could not be filled in was told already.
  if (has_expression(*node) && context.diagnostics.has_errors()) return result.value;
  if (!result.fault.empty() && (own != nullptr || context.told.insert(option.name + result.fault).second)) {
    context.diagnostics.error(node->where, result.fault, result.advice);
  }
  return result.value;
}

CheckedLayer check_layer(const LayerSpec& spec, bool in_stage, Context& context) {
  CheckedLayer checked;
  checked.layer = spec.layer;
  checked.where = spec.where;
  const auto found = context.catalog.find(spec.layer);
  if (!found) {
    // Whatever else is unknown may belong to a plugin that could not be read; that error is told already.
    if (context.catalog.complete()) {
      context.diagnostics.error(spec.where, "unknown layer `" + printable(spec.layer) + "`",
                                advice_for_layer(spec.layer, context.catalog));
    }
    context.all_known = false;
    return checked;
  }
  const LayerInfo& info = *found->layer;
  checked.type_name = info.type_name;
  checked.weight_prefix = info.weight_prefix.empty() ? info.name : info.weight_prefix;
  checked.view = info.view;
  checked.stride_first_only = info.block && in_stage;
  tell_unknown_options(spec, info, in_stage, context.diagnostics);
  for (const OptionInfo& option : info.options) {
    context.option_names.insert(option.name);
    OptionValue value = value_of(option, spec, info, context);
    if (option.number_of_classes && std::holds_alternative<std::monostate>(value))
      checked.classes_options.push_back(option.name);
    checked.options.emplace_back(option.name, std::move(value));
  }
  return checked;
}

void tell_unused_values(const Context& context) {
  std::vector<std::string> names(context.option_names.begin(), context.option_names.end());
  for (const char* key : {"plugins", "stem", "stages", "head"}) names.emplace_back(key);
  for (const Node::Entry& entry : context.network.shared) {
    if (context.taken.count(entry.key) != 0) continue;
    const auto nearest = nearest_name(entry.key, names);
    if (!context.all_known && !nearest) continue;  // it may be an option of the layer that is unknown
    context.diagnostics.error(entry.key_where, "no layer of this network has an option `" + printable(entry.key) + "`",
                              nearest ? "did you mean `" + *nearest + "`?" : where_it_belongs(entry.key));
  }
}

}  // namespace

CheckedNetwork check_network(const NetworkSpec& network, const Catalog& catalog, Diagnostics& diagnostics) {
  Context context{network, catalog, diagnostics, {}, {}, {}, true};
  CheckedNetwork checked;
  checked.plugins = catalog.plugins();
  for (const LayerSpec& layer : network.stem) checked.stem.push_back(check_layer(layer, false, context));
  for (const StageSpec& stage : network.stages)
    checked.stages.push_back({check_layer(stage.block, true, context), stage.depth});
  for (const LayerSpec& layer : network.head) checked.head.push_back(check_layer(layer, false, context));
  tell_unused_values(context);
  return checked;
}

}  // namespace rxrun
