// A YAML node → the value of an option.
#pragma once

#include <string>

#include "experiment/node.h"
#include "rxrun/option.h"

namespace rxrun {

struct OptionResult {
  OptionValue value;
  std::string fault;  // empty: `value` is of the option's type and in its range
  std::string advice;
};
OptionResult read_option(const OptionInfo& option, const std::string& layer, const Node& node);

}  // namespace rxrun
