// A place that a user names for a file that is to be written.
#pragma once

#include <filesystem>

namespace rxrun {

// Throws Error (usage) where no file can be written: its folder is missing or may not be written to, or what is there
// is no regular file. For before the work whose result is to go there.
void require_target(const std::filesystem::path& path);

}  // namespace rxrun
