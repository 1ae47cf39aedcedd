// Whoever can write a plugin library decides what the processes that load it do.
#pragma once

#include <filesystem>

namespace rxrun {

// Throws Error (usage), with what to do, where another user can write the library or its folder, or put another one in
// its place: neither root nor this user owns it, or its group or everybody may write. Links are followed, and their
// folders held to the same. Trusted beside these are this user's own group, and whoever can write rxrun itself, who
// needs no plugin. A file that is not there passes: opening it tells.
void require_no_other_writers(const std::filesystem::path& library);

}  // namespace rxrun
