// Layouts of folders as the key data.layout writes them.
#pragma once

#include <optional>
#include <string>

#include "experiment/experiment.h"

namespace rxrun {

// "part/class", "any/group/class"
std::string to_string(const FolderLayout& layout);

// The reverse. Nothing for another text, and for a layout without a class or with a role twice (`any` apart).
std::optional<FolderLayout> layout_of(const std::string& text);

}  // namespace rxrun
