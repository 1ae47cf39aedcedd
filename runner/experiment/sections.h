#pragma once

#include <string>

namespace rxrun {

// For a key that stands where it is not known: "`epochs` belongs in `training`", "`data` belongs at the top level".
// Empty for a name that is no key of any section, or of too many for this to help.
std::string where_it_belongs(const std::string& key);

}  // namespace rxrun
