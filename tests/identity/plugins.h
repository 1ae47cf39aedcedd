// Tables of layers, and experiments that use them, without any library.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "experiment/read.h"
#include "identity/identity.h"

namespace rxrun::test {

inline OptionInfo option(const std::string& name, OptionType type, OptionValue by_default) {
  OptionInfo info;
  info.name = name;
  info.type = type;
  info.default_value = std::move(by_default);
  return info;
}

inline LayerInfo layer(const std::string& name, std::vector<OptionInfo> options = {}) {
  LayerInfo info;
  info.name = info.type_name = name;
  info.options = std::move(options);
  return info;
}

// `convnet`, which is shipped.
inline PluginInfo shipped_plugin() {
  LayerInfo block =
      layer("block", {option("planes", OptionType::integer, {}), option("stride", OptionType::extent, Extent{1, 1}),
                      option("cardinality", OptionType::integer, std::int64_t{32})});
  block.block = true;
  OptionInfo features = option("features", OptionType::integer, {});
  features.number_of_classes = true;
  return {.library = "/opt/libconvnet.so",
          .manifest = {.plugin = "convnet", .build_id = "5417", .shipped = true},
          .layers = {layer("conv",
                           {option("channels", OptionType::integer, {}),
                            option("kernel", OptionType::extent, Extent{3, 3}), option("gain", OptionType::real, 1.0)}),
                     layer("relu"), std::move(block), layer("linear", {features})}};
}

// `mine`, which is not.
inline PluginInfo foreign_plugin() {
  return {.library = "/lab/libmine.so",
          .manifest = {.plugin = "mine", .build_id = "f00d"},
          .layers = {layer("wobble", {option("strength", OptionType::real, 0.5)})}};
}

inline Node resolved(const std::string& text) {
  Diagnostics diagnostics;
  const ReadExperiment read = read_resolved(text, "a.yaml", diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << text;
  return read.tree;
}

inline const std::string head = "name: a\nnetwork: {plugins: [convnet], head: [linear]}\n";
inline const std::string plain = head + "data: {path: images}\n";

}  // namespace rxrun::test
