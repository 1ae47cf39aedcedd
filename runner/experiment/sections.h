#pragma once

#include <string>

namespace rxrun {

// For a key that stands where it is not known: "`epochs` belongs in `training`", "`data` belongs at the top level".
// Empty for a name that is no key of any section, or of too many for this to help.
std::string where_it_belongs(const std::string& key);

// For the usual name of what has another one here: in `split`, `val`. Empty for all others.
std::string what_it_is_called(const std::string& section, const std::string& key);

}  // namespace rxrun
