// rxrun plugins, rxrun plugins show NAME: what is installed and what it offers.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "diagnostics/render.h"
#include "plugin/catalog.h"
#include "plugin/layer_table.h"

namespace rxrun {
namespace {

// A library of the folders: what it says of itself, or why it cannot be used.
struct Listed {
  std::filesystem::path library;
  PluginInfo info;
  std::string error;
};

std::vector<Listed> installed() {
  std::vector<Listed> list;
  for (const std::filesystem::path& library : all_plugins()) {
    Listed& entry = list.emplace_back(Listed{library, {}, {}});
    try {
      entry.info = read_plugin(library);
    } catch (const Error& error) {
      entry.error = error.what();
    }
  }
  return list;
}

std::string joined_names(const std::vector<LayerInfo>& layers) {
  std::string text;
  for (const LayerInfo& layer : layers) text += (text.empty() ? "" : " ") + layer.name;
  return text;
}

Table table_of(const std::vector<Listed>& list) {
  Table table;
  table.columns = {"plugin", "layers", "sdk", "libtorch", "compiler", "build_id", "library", "error"};
  for (const Listed& entry : list) {
    const Manifest& manifest = entry.info.manifest;
    if (entry.error.empty()) {
      table.rows.push_back({manifest.plugin, joined_names(entry.info.layers), manifest.sdk, manifest.libtorch,
                            manifest.compiler, manifest.build_id, entry.info.library.string(), std::monostate{}});
    } else {
      table.rows.push_back({std::monostate{}, std::monostate{}, std::monostate{}, std::monostate{}, std::monostate{},
                            std::monostate{}, entry.library.string(), entry.error});
    }
  }
  return table;
}

// Words in lines of at most `width` columns, each after `indent`.
std::string wrapped(const std::string& text, const std::string& indent, std::size_t width) {
  std::string lines, line;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!line.empty() && indent.size() + line.size() + 1 + word.size() > width) {
      lines += indent + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return lines + indent + line + "\n";
}

void print_list(const std::vector<Listed>& list) {
  if (list.empty()) std::cout << "No plugins in any of the folders.\n";
  for (const Listed& entry : list) {
    if (!entry.error.empty()) {
      std::cout << printable(entry.library.filename().string()) << "  cannot be used\n"
                << wrapped(entry.error, "    ", 120);
      continue;
    }
    const Manifest& manifest = entry.info.manifest;
    std::cout << fmt::format("{}  {} (SDK {}, LibTorch {}, {})\n", manifest.plugin,
                             printable(entry.info.library.string()), manifest.sdk, manifest.libtorch,
                             printable(manifest.compiler))
              << wrapped(joined_names(entry.info.layers), "    ", 120);
  }
  std::cout << "\nrxrun plugins show NAME shows the options of a plugin or a layer.\n";
}

std::string default_text(const OptionInfo& option) {
  if (option.required()) return "required";
  if (option.number_of_classes) return "number of classes";
  if (std::holds_alternative<std::monostate>(option.default_value)) return "computed";
  const std::string text = to_text(option.default_value);
  return text.empty() ? "\"\"" : printable(text);
}

Table options_table(const std::vector<const LayerInfo*>& layers, bool with_layer) {
  Table table;
  table.columns = {"option", "type", "default", "range", "meaning"};
  if (with_layer) table.columns.insert(table.columns.begin(), "layer");
  for (const LayerInfo* layer : layers) {
    for (const OptionInfo& option : layer->options) {
      table.rows.push_back(
          {option.name, std::string(to_string(option.type)), default_text(option), range_text(option), option.doc});
      if (with_layer) table.rows.back().insert(table.rows.back().begin(), layer->name);
    }
  }
  return table;
}

std::string indented(const std::string& text, const std::string& indent) {
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    result += indent + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return result;
}

void print_layer(const LayerInfo& layer) {
  std::cout << layer.name << (layer.block ? " (block)" : "") << ": " << printable(layer.doc) << "\n";
  if (layer.options.empty()) {
    std::cout << "  no options\n";
  } else {
    std::cout << indented(render(options_table({&layer}, false), TableFormat::text), "  ");
  }
}

nlohmann::ordered_json json_of(const PluginInfo& plugin, const std::vector<LayerInfo>& layers) {
  const Manifest& manifest = plugin.manifest;
  nlohmann::ordered_json json = {{"plugin", manifest.plugin},     {"library", plugin.library.string()},
                                 {"sdk", manifest.sdk},           {"libtorch", manifest.libtorch},
                                 {"abi", manifest.abi},           {"compiler", manifest.compiler},
                                 {"build_id", manifest.build_id}, {"shipped", manifest.shipped}};
  json["layers"] = nlohmann::ordered_json::parse(layers_to_json(layers)).at("layers");
  return json;
}

void print_shown(const PluginInfo& plugin, const std::vector<LayerInfo>& layers, TableFormat format) {
  if (format == TableFormat::json) {
    std::cout << json_of(plugin, layers).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    return;
  }
  if (format != TableFormat::text) {
    std::vector<const LayerInfo*> pointers;
    for (const LayerInfo& layer : layers) pointers.push_back(&layer);
    std::cout << render(options_table(pointers, true), format);
    return;
  }
  std::cout << "plugin " << plugin.manifest.plugin << ", " << printable(plugin.library.string()) << "\n";
  for (const LayerInfo& layer : layers) {
    std::cout << "\n";
    print_layer(layer);
  }
}

}  // namespace

int run_plugins(const PluginsOptions& options) {
  const std::vector<Listed> list = installed();
  if (options.common.format == TableFormat::text) {
    print_list(list);
  } else {
    std::cout << render(table_of(list), options.common.format);
  }
  return 0;
}

int run_plugins_show(const PluginsShowOptions& options) {
  const std::string& name = options.name;
  if (name.find('/') != std::string::npos || name.ends_with(".so")) {
    const PluginInfo plugin = read_plugin(find_plugin(name));
    print_shown(plugin, plugin.layers, options.common.format);
    return 0;
  }
  // A plugin goes before a layer of the same name; `plugins show` of the plugin shows the layer as well.
  std::vector<std::string> known;
  const std::vector<Listed> list = installed();
  for (const Listed& entry : list) {
    known.push_back(entry.info.manifest.plugin);
    if (entry.error.empty() && entry.info.manifest.plugin == name) {
      print_shown(entry.info, entry.info.layers, options.common.format);
      return 0;
    }
  }
  for (const Listed& entry : list) {
    for (const LayerInfo& layer : entry.info.layers) {
      known.push_back(layer.name);
      if (layer.name != name) continue;
      print_shown(entry.info, {layer}, options.common.format);
      return 0;
    }
  }
  // A library of that name that cannot be read tells why.
  for (const Listed& entry : list) {
    const std::string stem = entry.library.stem().string();
    if (!entry.error.empty() && (stem == name || stem == "lib" + name)) throw Error(Failure::usage, entry.error);
  }
  const auto nearest = nearest_name(name, known);
  throw Error(Failure::usage, "no plugin or layer is called `" + printable(name) + "`",
              nearest ? "did you mean `" + *nearest + "`?" : "`rxrun plugins` lists all plugins");
}

}  // namespace rxrun
