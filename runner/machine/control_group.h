// The control groups (version 2) that this process is in: each may limit what of the machine it gets.
#pragma once

#include <filesystem>
#include <functional>

namespace rxrun {

// Calls `look` with the folder of this process's group, then of the one around it, up to the topmost that can be seen.
// Never where there are none. `root` is there for tests.
void for_each_control_group(const std::filesystem::path& root,
                            const std::function<void(const std::filesystem::path&)>& look);

}  // namespace rxrun
