// Class folders: <path>/<class>/**.png, or <path>/<part>/<class>/**.png when every folder of the first level is a part.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include "data/fault.h"
#include "data/file_source.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_depth = 100;

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

struct Found {
  std::string name, class_name, part;
  fs::path path;
};

class Walk {
 public:
  explicit Walk(fs::path root) : root_(std::move(root)) {}

  // Every image below `folder`; `relative` is its name below the root.
  void class_folder(const std::string& relative, const std::string& class_name, const std::string& part) {
    const fs::path folder = root_ / relative;
    struct stat status {};
    if (stat(folder.c_str(), &status) != 0)
      bad_file(folder, "folder cannot be read: " + std::string(std::strerror(errno)));
    const std::pair<dev_t, ino_t> self{status.st_dev, status.st_ino};
    if (std::find(above_.begin(), above_.end(), self) != above_.end())
      bad_file(folder, "a symbolic link leads back to a folder above it");
    if (above_.size() > max_depth) bad_file(folder, "folders nested more than " + std::to_string(max_depth) + " deep");
    above_.push_back(self);
    const Entries entries = entries_of(folder);
    for (const std::string& file : entries.files) {
      if (has_image_extension(file))
        found.push_back({relative + "/" + file, class_name, part, folder / file});
      else
        ignore(file);
    }
    for (const std::string& child : entries.folders) class_folder(relative + "/" + child, class_name, part);
    above_.pop_back();
  }

  void ignore(const std::string& file) {
    ++ignored;
    if (const std::string extension = fs::path(file).extension().string(); !extension.empty())
      ++ignored_extensions[extension];
  }

  std::vector<Found> found;
  std::int64_t ignored = 0;  // files with other extensions
  std::map<std::string, std::int64_t> ignored_extensions;

 private:
  fs::path root_;
  std::vector<std::pair<dev_t, ino_t>> above_;
};

// By name; names that are all whole numbers by their value, so that 10 comes after 9.
std::vector<std::string> in_order(const std::set<std::string>& names) {
  std::vector<std::string> classes(names.begin(), names.end());
  const auto is_number = [](const std::string& name) {
    return name.size() <= 18 && name.find_first_not_of("0123456789") == std::string::npos;
  };
  if (std::all_of(classes.begin(), classes.end(), is_number))
    std::stable_sort(classes.begin(), classes.end(),
                     [](const std::string& a, const std::string& b) { return std::stoll(a) < std::stoll(b); });
  return classes;
}

Listing listing_of(std::vector<Found>& found, const std::set<std::string>& classes) {
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.name < b.name; });
  Listing listing;
  listing.classes = in_order(classes);
  std::map<std::string, std::int64_t> labels;
  for (const std::string& name : listing.classes) labels.emplace(name, static_cast<std::int64_t>(labels.size()));
  for (const Found& image : found)
    listing.samples.push_back({image.name, labels.at(image.class_name), image.name, image.part});
  return listing;
}

// "12 files in /data are ignored: their extensions, mostly `.dcm`, are not those of images".
std::string ignored_note(const DataSpec& spec, std::int64_t files,
                         const std::map<std::string, std::int64_t>& extensions) {
  const auto rarer = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto commonest = std::max_element(extensions.begin(), extensions.end(), rarer);
  const std::string example =
      commonest == extensions.end() ? "" : (files == 1 ? ", `" : ", mostly `") + printable(commonest->first) + "`,";
  return counted(files, "file") + " in " + spec.path.string() +
         (files == 1 ? " is ignored: its extension" + example + " is not that of an image"
                     : " are ignored: their extensions" + example + " are not those of images");
}

}  // namespace

std::unique_ptr<Source> open_class_folders(const DataSpec& spec) {
  const Entries root = entries_of(spec.path);
  const bool has_parts = !root.folders.empty() && std::all_of(root.folders.begin(), root.folders.end(), is_part_name);
  Walk walk(spec.path);
  std::set<std::string> classes;
  const auto take_classes = [&](const std::string& prefix, const Entries& entries, const std::string& part) {
    for (const std::string& file : entries.files) walk.ignore(file);
    for (const std::string& name : entries.folders) {
      classes.insert(name);
      walk.class_folder(prefix + name, name, part);
    }
  };
  if (has_parts) {
    for (const std::string& part : root.folders) take_classes(part + "/", entries_of(spec.path / part), part);
    for (const std::string& file : root.files) walk.ignore(file);
  } else {
    take_classes("", root, "");
  }
  if (classes.empty())
    bad_data(spec, "path", "no class folders in " + spec.path.string(),
             "class_folders expects <path>/<class>/<images> or <path>/<train|validation|test>/<class>/<images>");

  Listing listing = listing_of(walk.found, classes);
  if (walk.ignored > 0)
    listing.warnings.push_back(data_note(spec, "path", ignored_note(spec, walk.ignored, walk.ignored_extensions)));
  std::vector<fs::path> paths;
  paths.reserve(walk.found.size());
  for (Found& image : walk.found) paths.push_back(std::move(image.path));
  return std::make_unique<FileSource>(std::move(listing), std::move(paths), spec.window);
}

}  // namespace rxrun
