// The folders below a path that hold images, before it is known what the folders mean.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rxrun {

struct ImageFolder {
  std::vector<std::string> names;   // of the folders on the way to it, from the root; empty: the root
  std::vector<std::string> images;  // names of files, sorted
};

// All below a root. Left out, and counted: hidden files and folders (not counted), folders that systems make for
// themselves (`@eaDir`, `__MACOSX`, `lost+found`, ...), files whose names are not those of images, and what the
// patterns say.
struct ImageFolders {
  std::vector<ImageFolder> folders;  // that hold images, or nothing at all; sorted by names
  std::int64_t images = 0;
  std::vector<std::string> system_folders;               // relative to the root
  std::int64_t others = 0;                               // files that are no images by their extension
  std::map<std::string, std::int64_t> other_extensions;  // of those, by extension
  std::int64_t not_included = 0;                         // images that no pattern of `include` means
  std::vector<std::int64_t> excluded;                    // images, by pattern of `exclude`
};

// Images that some pattern of `include` means (all, when there is none), and none of `exclude` (path_pattern.h).
struct PathFilter {
  std::vector<std::string> include, exclude;
};

// Symbolic links are followed. Throws Error naming a folder that cannot be read, a link that leads back to a folder
// above it, a folder that links lead to in more than 100 ways, and folders nested more than 100 deep.
ImageFolders find_image_folders(const std::filesystem::path& root, const PathFilter& filter = {});

}  // namespace rxrun
