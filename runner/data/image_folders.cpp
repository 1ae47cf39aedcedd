#include "data/image_folders.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "data/fault.h"
#include "data/file_source.h"
#include "data/path_pattern.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_depth = 100;
constexpr int max_visits = 100;  // of one folder, by different links: each doubles what lies below it

// Made by systems of storage and desktops, with thumbnails and what was deleted in them; hidden ones need no mention.
bool is_system_folder(std::string_view name) {
  static constexpr std::array<std::string_view, 15> known = {"@eaDir",
                                                             "#recycle",
                                                             "@Recycle",
                                                             "@Recently-Snapshot",
                                                             "#snapshot",
                                                             "@tmp",
                                                             "__MACOSX",
                                                             "lost+found",
                                                             "$RECYCLE.BIN",
                                                             "$Recycle.Bin",
                                                             "RECYCLER",
                                                             "System Volume Information",
                                                             "found.000",
                                                             "Temporary Items",
                                                             "Network Trash Folder"};
  return std::find(known.begin(), known.end(), name) != known.end();
}

struct Entries {
  std::vector<std::string> folders, files;  // sorted by name; hidden ones left out
};

Entries entries_of(const fs::path& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
  if (directory == nullptr) bad_file(folder, "folder cannot be read: " + std::string(std::strerror(errno)));
  Entries entries;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(directory.get());
    if (entry == nullptr) {
      if (errno != 0) bad_file(folder, "folder cannot be read: " + std::string(std::strerror(errno)));
      break;
    }
    const std::string name = entry->d_name;
    if (name.front() == '.') continue;
    bool is_folder = entry->d_type == DT_DIR;
    if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) {
      struct stat status {};
      // A link that leads nowhere stays in the list of files: reading it tells.
      is_folder = fstatat(dirfd(directory.get()), entry->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
    }
    (is_folder ? entries.folders : entries.files).push_back(name);
  }
  std::sort(entries.folders.begin(), entries.folders.end());
  std::sort(entries.files.begin(), entries.files.end());
  return entries;
}

class Walk {
 public:
  Walk(const fs::path& root, const PathFilter& filter) : root_(root), filter_(filter) {
    found.excluded.assign(filter.exclude.size(), 0);
  }

  void folder(const std::string& relative) {
    const fs::path path = relative.empty() ? root_ : root_ / relative;
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) bad_file(path, "folder cannot be read: " + std::string(std::strerror(errno)));
    const std::pair<dev_t, ino_t> self{status.st_dev, status.st_ino};
    if (std::find(above_.begin(), above_.end(), self) != above_.end())
      bad_file(path, "a symbolic link leads back to a folder above it");
    if (above_.size() > max_depth) bad_file(path, "folders nested more than " + std::to_string(max_depth) + " deep");
    if (++visits_[self] > max_visits)
      bad_file(path, "symbolic links lead to this folder in more than " + std::to_string(max_visits) + " ways");
    above_.push_back(self);
    Entries entries = entries_of(path);
    const std::string before = relative.empty() ? "" : relative + "/";
    bool left_out = false;  // what is empty because of that is no class without images
    std::vector<std::string> images;
    for (std::string& file : entries.files) {
      if (!has_image_extension(file))
        other(file);
      else if (is_wanted(before + file))
        images.push_back(std::move(file));
      else
        left_out = true;
    }
    found.images += static_cast<std::int64_t>(images.size());
    if (!images.empty() || (entries.folders.empty() && !left_out)) found.folders.push_back({names_, std::move(images)});
    for (const std::string& child : entries.folders) {
      if (is_system_folder(child)) {
        found.system_folders.push_back(before + child);
        continue;
      }
      names_.push_back(child);
      folder(before + child);
      names_.pop_back();
    }
    above_.pop_back();
  }

  ImageFolders found;

 private:
  bool is_wanted(const std::string& image) {
    const auto means = [&](const std::string& pattern) { return matches_pattern(image, pattern); };
    if (!filter_.include.empty() && std::none_of(filter_.include.begin(), filter_.include.end(), means)) {
      ++found.not_included;
      return false;
    }
    const auto excluding = std::find_if(filter_.exclude.begin(), filter_.exclude.end(), means);
    if (excluding == filter_.exclude.end()) return true;
    ++found.excluded[static_cast<std::size_t>(excluding - filter_.exclude.begin())];
    return false;
  }

  void other(const std::string& file) {
    ++found.others;
    if (const std::string extension = fs::path(file).extension().string(); !extension.empty())
      ++found.other_extensions[extension];
  }

  const fs::path& root_;
  const PathFilter& filter_;
  std::vector<std::string> names_;
  std::vector<std::pair<dev_t, ino_t>> above_;
  std::map<std::pair<dev_t, ino_t>, int> visits_;
};

}  // namespace

ImageFolders find_image_folders(const fs::path& root, const PathFilter& filter) {
  Walk walk(root, filter);
  walk.folder("");
  return std::move(walk.found);
}

}  // namespace rxrun
