// YAML's tags, as yaml-cpp gives them: "?" for a plain value without one, "!" for a quoted one.
#pragma once

#include <optional>
#include <string>

#include "experiment/node.h"

namespace rxrun {

std::string shown_tag(const std::string& tag);  // `!!int`

// Whether a list or map may have this tag.
bool fits_tag(Node::Kind kind, const std::string& tag);

// What `value` is under a tag, and whether it is what the tag says; nullopt for a tag that is none of the core
// schema's.
std::optional<Node> tagged_scalar(const std::string& value, const std::string& tag, SourceLocation where, bool& fits);

}  // namespace rxrun
