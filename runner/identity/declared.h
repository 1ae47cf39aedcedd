// What of a resolved experiment was declared, as opposed to filled in.
#pragma once

#include <string>
#include <vector>

#include "experiment/node.h"
#include "plugin/catalog.h"

namespace rxrun {

// The tree without what equals its default: keys by the table of keys, also within the kinds of a choice (a choice of
// its default kind with default options is left out whole), and without the keys that are declared no_identity; options
// of layers by the tables of `plugins`. What a key or an option has a default for may therefore be added to any table
// without a change here.
//
// A network-wide value counts where it is declared; a layer's option is compared with it, if there is one of its name,
// instead of with its default. The options of a layer that is in none of the tables stay as written.
Node declared(const Node& tree, const std::vector<PluginInfo>& plugins);

// JSON with sorted keys and numbers in their shortest form, so that 1.0 and 1 are one text.
std::string canonical_text(const Node& node);

}  // namespace rxrun
