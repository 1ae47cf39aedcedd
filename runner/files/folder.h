// What is asked of a folder that files are made in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace rxrun {

// A name beside `target` that nobody else picks, ".rxrun-PID-...tmp": what is left of it after a kill is known by it.
std::filesystem::path temporary_beside(const std::filesystem::path& target);

// What has been made, renamed or deleted in the folder is on disk when this returns. Throws Error (run). A file system
// that knows no sync of a folder is taken at its word.
void sync_folder(const std::filesystem::path& folder);

// "NFS", "SMB", ... when the folder lies on a file system that machines share, whose locks may not hold; otherwise, or
// when it cannot be told, empty.
std::string network_file_system(const std::filesystem::path& folder);

// The same by the number that statfs(2) gives for it (linux/magic.h).
std::string network_file_system(std::uint32_t magic);

}  // namespace rxrun
