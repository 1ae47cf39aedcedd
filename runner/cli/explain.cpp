// rxrun explain FILE KEY: where a value of an experiment comes from.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/commands.h"
#include "diagnostics/render.h"
#include "experiment/read.h"
#include "plugin/catalog.h"
#include "plugin/experiment_file.h"
#include "plugin/layer_table.h"

namespace rxrun {
namespace {

// What the network's layers say of an option that the file does not set: each has its own default.
std::string explain_option(const NetworkSpec& network, const std::string& key) {
  const std::string name = key.substr(key.rfind('.') + 1);
  Diagnostics ignored;
  const Catalog catalog = load_catalog(network, ignored);
  std::string text;
  std::vector<std::string> told;
  const auto add = [&](const LayerSpec& spec) {
    const auto found = catalog.find(spec.layer);
    if (!found || std::find(told.begin(), told.end(), spec.layer) != told.end()) return;
    told.push_back(spec.layer);
    for (const OptionInfo& option : found->layer->options) {
      if (option.name != name) continue;
      const std::string by_default =
          option.required()
              ? "required"
              : "default " + (to_text(option.default_value).empty() ? "(empty)" : to_text(option.default_value));
      const std::string range = range_text(option);
      text += fmt::format("  layer `{}`: {}{}{}\n    {}\n", spec.layer, by_default, range.empty() ? "" : ", ", range,
                          printable(option.doc));
    }
  };
  for (const LayerSpec& layer : network.stem) add(layer);
  for (const StageSpec& stage : network.stages) add(stage.block);
  for (const LayerSpec& layer : network.head) add(layer);
  if (text.empty()) return text;
  return fmt::format("`{0}` is an option of layers, set neither by them nor, for all of them, as `network.{0}`\n{1}",
                     name, text);
}

struct Words {
  std::string key;
  std::vector<std::string> overrides;
};

// The key is the one word without `=`, wherever it stands.
Words told_apart(const ExplainOptions& options) {
  Words words{options.key, options.experiment.overrides};
  if (words.key.find('=') == std::string::npos) return words;
  const auto key = std::find_if(words.overrides.begin(), words.overrides.end(),
                                [](const std::string& word) { return word.find('=') == std::string::npos; });
  if (key == words.overrides.end())
    throw Error(Failure::usage, fmt::format("`{}` is an override; the key to explain is missing", printable(words.key)),
                "rxrun explain FILE KEY [KEY=VALUE...]");
  std::swap(*key, words.key);
  return words;
}

}  // namespace

int run_explain(const ExplainOptions& options) {
  const Words words = told_apart(options);
  std::vector<Override> overrides;
  for (const std::string& word : words.overrides) overrides.push_back(parse_override(word));
  Diagnostics diagnostics;
  require_experiment_file(options.experiment.file);
  const ReadExperiment read = read_experiment(options.experiment.file, overrides, diagnostics);
  diagnostics.throw_errors();
  const bool json = options.common.format == TableFormat::json;
  std::string text;
  try {
    text = explain(read, words.key, json);
  } catch (const Error&) {
    if (!json) text = explain_option(read.experiment.network, words.key);
    if (text.empty()) throw;
  }
  std::cout << text;
  return 0;
}

}  // namespace rxrun
