// Inputs and options under which a layer of a plugin can be tried, found without knowing the layer.
#pragma once

#include <string>
#include <vector>

#include "plugin/loader.h"

namespace rxrun {

struct LayerCase {
  LayerInfo info;
  OptionValues options;
  std::string changed;  // how the options differ from the defaults: "planes: 8, learnable: true"
  Shape input;
};

struct LayerCases {
  std::vector<LayerCase> cases;  // the defaults on several inputs, then other options on one
  std::string fault;             // why there is no case, or what a constructor threw that it must not
};

// Required options get values from within their ranges. Several shapes of images and features are offered to the
// layer's constructor; what it refuses with LayerError is no case.
LayerCases find_cases(const LayerFactories& factories, const LayerInfo& info);

}  // namespace rxrun
