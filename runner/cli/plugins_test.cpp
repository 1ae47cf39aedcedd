// rxrun plugins test FILE: every check that can be made of a layer without knowing what it computes.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "diagnostics/render.h"
#include "network/current_layer.h"
#include "plugin/catalog.h"
#include "plugin/layer_checks.h"

namespace rxrun {
namespace {

std::string circumstances(const CheckResult& result) {
  std::string text = result.input.empty() ? "" : " on " + result.input;
  if (!result.options.empty()) text += " with {" + result.options + "}";
  return printable(text);
}

void print_layer(const std::string& layer, const std::vector<CheckResult>& results) {
  std::vector<std::string> inputs;
  for (const CheckResult& result : results) {
    if (!result.input.empty() && std::find(inputs.begin(), inputs.end(), result.input) == inputs.end())
      inputs.push_back(result.input);
  }
  std::cout << fmt::format("{} ({})\n", layer, fmt::join(inputs, ", "));
  for (const std::string& name : check_names()) {
    std::size_t runs = 0;
    const CheckResult* failed = nullptr;
    for (const CheckResult& result : results) {
      if (result.check != name) continue;
      ++runs;
      if (!result.passed && failed == nullptr) failed = &result;
    }
    if (failed != nullptr) {
      std::cout << fmt::format("  {:<20} FAILED{}: {}\n", name, circumstances(*failed), printable(failed->detail));
    } else if (runs > 0) {
      std::cout << fmt::format("  {:<20} ok\n", name);
    }
  }
}

void print_text(const std::vector<CheckResult>& results, bool only_failures) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<CheckResult>> by_layer;
  for (const CheckResult& result : results) {
    if (by_layer[result.layer].empty()) order.push_back(result.layer);
    by_layer[result.layer].push_back(result);
  }
  for (const std::string& layer : order) {
    const auto& own = by_layer[layer];
    const bool failed = std::any_of(own.begin(), own.end(), [](const CheckResult& r) { return !r.passed; });
    if (failed || !only_failures) print_layer(layer, own);
  }
}

Table table_of(const std::vector<CheckResult>& results) {
  Table table;
  table.columns = {"layer", "options", "input", "check", "passed", "detail"};
  for (const CheckResult& r : results) {
    table.rows.push_back({r.layer, r.options, r.input, r.check, r.passed, r.detail});
  }
  return table;
}

}  // namespace

int run_plugins_test(const PluginsTestOptions& options) {
  const PluginInfo plugin = read_plugin(find_plugin(options.library));
  std::string label;
  const LayerScope scope("");
  const std::vector<CheckResult> results = check_plugin(plugin, [&](const CheckResult& next) {
    std::string text = fmt::format("layer `{}` of plugin `{}` ({}), check {}{}", next.layer, plugin.manifest.plugin,
                                   printable(plugin.library.string()), next.check, circumstances(next));
    label.swap(text);
    set_current_layer(label.c_str());
  });
  const auto failures = std::count_if(results.begin(), results.end(), [](const CheckResult& r) { return !r.passed; });
  if (options.common.format == TableFormat::text) {
    print_text(results, options.common.quiet);
    std::cout << fmt::format("{}: {} of {}, {}\n", plugin.manifest.plugin, counted(results.size(), "check"),
                             counted(plugin.layers.size(), "layer"),
                             failures == 0 ? std::string("all passed") : fmt::format("{} failed", failures));
  } else {
    std::cout << render(table_of(results), options.common.format);
  }
  return failures == 0 ? 0 : static_cast<int>(Failure::usage);
}

}  // namespace rxrun
