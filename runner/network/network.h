// Network: layers in a row, built from a checked declaration. Includes no LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plugin/catalog.h"

namespace rxrun {

class Layer;
using Shape = std::vector<std::int64_t>;

// One layer at the top level, in order of execution.
struct NetworkLayer {
  std::string path;       // prefix of its parameters' names: "conv1", "layer3.0", "fc"
  std::string layer;      // as in YAML
  std::string type_name;  // row name
  std::string label;      // for messages: "layer `conv` (conv1) of plugin `convnet`"; printable
  bool view = false;
  SourceLocation where;
  std::shared_ptr<Layer> module;
};

struct Network {
  Shape input;  // {channels, height, width}
  std::int64_t classes = 0;
  std::vector<NetworkLayer> layers;
};

// What a network may cost before anything is allocated.
struct NetworkLimits {
  std::int64_t layers = 10'000;                 // at the top level
  std::int64_t parameters = 1'000'000'000'000;  // numbers in parameters and buffers, in all
  std::int64_t outputs = 1'000'000'000'000;     // numbers in one image's outputs of all layers
};

// Builds layer by layer and works out the shapes; nothing is allocated. Throws Error naming the layer, its line in the
// YAML and both shapes when a layer does not fit what comes in, when the network's output is not one value a class, or
// when it is beyond the limits. Names (network/naming.h): stem layers are `<weight_prefix><n>` (conv1, bn1), blocks
// `layer<stage>.<index>`, head layers `<weight_prefix>` (fc), numbered when there are several: with the shipped
// plugins, torchvision's names.
Network build_network(const CheckedNetwork& checked, const Shape& input, std::int64_t classes,
                      const NetworkLimits& limits = {});

}  // namespace rxrun
