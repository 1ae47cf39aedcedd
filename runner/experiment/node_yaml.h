// A value of the tree as YAML.
#pragma once

#include <string>

#include "experiment/node.h"

namespace rxrun {

// On one line, so that it reads back to an equal value wherever YAML takes a value or a key: in a list, behind `key: `,
// as an override. What could mean anything else is quoted. A `${...}` stays an expression.
std::string yaml_text(const Node& value);
std::string yaml_text(const std::string& text);

}  // namespace rxrun
