// A connection that may write, to a results.db that is there, ours and of this version.
#pragma once

#include <filesystem>
#include <memory>

#include "recording/connection.h"

namespace rxrun {

// Opens or creates, migrating under an exclusive lock. Throws Error: not a database, another program's, a newer schema,
// not writable.
std::unique_ptr<Connection> open_for_writing(const std::filesystem::path& database);

}  // namespace rxrun
