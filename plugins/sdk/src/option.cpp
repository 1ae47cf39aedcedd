#include <cmath>

#include "rxrun/plugin.h"

namespace rxrun {

Constraint greater_than(double bound) {
  return [bound](OptionInfo& info) {
    info.minimum = bound;
    info.exclusive_minimum = true;
  };
}

Constraint at_least(double bound) {
  return [bound](OptionInfo& info) {
    info.minimum = bound;
    info.exclusive_minimum = false;
  };
}

Constraint less_than(double bound) {
  return [bound](OptionInfo& info) {
    info.maximum = bound;
    info.exclusive_maximum = true;
  };
}

Constraint at_most(double bound) {
  return [bound](OptionInfo& info) {
    info.maximum = bound;
    info.exclusive_maximum = false;
  };
}

Constraint one_of(std::vector<std::string> choices) {
  return [choices = std::move(choices)](OptionInfo& info) { info.choices = choices; };
}

Constraint required() {
  return [](OptionInfo& info) {
    info.default_value = std::monostate{};
    info.optional = false;
  };
}

Constraint number_of_classes() {
  return [](OptionInfo& info) { info.number_of_classes = true; };
}

Initializer kaiming_normal(std::int64_t fan) {
  if (fan < 1) throw LayerError("kaiming_normal needs a fan of at least 1, not " + std::to_string(fan));
  return normal(0.0, std::sqrt(2.0 / static_cast<double>(fan)));
}

Initializer fan_in_uniform(std::int64_t fan_in) {
  if (fan_in < 1) throw LayerError("fan_in_uniform needs a fan of at least 1, not " + std::to_string(fan_in));
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  return uniform(-bound, bound);
}

}  // namespace rxrun
