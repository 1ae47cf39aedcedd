// Class folders: <path>/<class>/**.png, <path>/<part>/<class>/**.png, <path>/<group>/<class>/**.png, ...: the folders'
// names say which (folder_layout.h).
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "data/companion_files.h"
#include "data/fault.h"
#include "data/file_source.h"
#include "data/folder_layout.h"
#include "diagnostics/render.h"
#include "experiment/folder_layout_text.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

struct Found {
  std::string name, class_name, group, part;
  std::vector<fs::path> copies;
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

std::string joined(const std::vector<std::string>& names, const std::string& file) {
  std::string path;
  for (const std::string& name : names) path += name + "/";
  return path + file;
}

std::uintmax_t size_of(const fs::path& file) {
  std::error_code unknown;  // reading the file tells
  return fs::file_size(file, unknown);
}

// The images with what their folders mean.
class Reading {
 public:
  Reading(const ImageFolders& folders, const UnderstoodFolders& understood, const DataSpec& spec)
      : folders_(folders), understood_(understood), spec_(spec) {
    const FolderLayout& layout = understood.layout;
    for (std::size_t level = 0; level < layout.size(); ++level) level_of_[layout[level]] = level;
  }

  void read() {
    for (std::size_t f = 0; f < folders_.folders.size(); ++f)
      if (!understood_.levels[f].in_copy) read_folder(f);
    if (understood_.copy.empty()) return;
    std::unordered_map<std::string, std::size_t> by_place;
    for (std::size_t f = 0, at = 0; f < folders_.folders.size(); ++f)
      if (!understood_.levels[f].in_copy && is_class_folder(f))
        for (const std::string& image : folders_.folders[f].images)
          by_place.emplace(joined(understood_.levels[f].names, image), at++);
    for (std::size_t f = 0; f < folders_.folders.size(); ++f)
      if (understood_.levels[f].in_copy) read_copy(f, by_place);
  }

  std::vector<Found> found;
  std::set<std::string> classes, groups, parts;
  std::int64_t outside = 0;  // images that lie above the class folders
  std::string outside_example;
  std::int64_t copies = 0;
  std::int64_t deeper = 0;  // images in folders below the last level that means something

 private:
  std::string name_on(const std::vector<std::string>& names, FolderRole role) const {
    const auto level = level_of_.find(role);
    return level == level_of_.end() || level->second >= names.size() ? "" : names[level->second];
  }

  bool is_class_folder(std::size_t f) const {
    return understood_.levels[f].names.size() > level_of_.at(FolderRole::class_name);
  }

  // An image in it, whose folder is not one of a class.
  void leave_outside(std::size_t f, std::size_t images) {
    outside += static_cast<std::int64_t>(images);
    if (outside_example.empty() && images > 0)
      outside_example = joined(folders_.folders[f].names, folders_.folders[f].images.front());
  }

  void read_folder(std::size_t f) {
    if (!is_class_folder(f)) return leave_outside(f, folders_.folders[f].images.size());
    add_folder(f);
    for (const std::string& image : folders_.folders[f].images) add(f, image);
  }

  void add_folder(std::size_t f) {
    const std::vector<std::string>& names = understood_.levels[f].names;
    classes.insert(name_on(names, FolderRole::class_name));
    if (const std::string part = name_on(names, FolderRole::part); !part.empty()) parts.insert(part);
    if (names.size() > understood_.layout.size())
      deeper += static_cast<std::int64_t>(folders_.folders[f].images.size());
  }

  void add(std::size_t f, const std::string& image) {
    const std::vector<std::string>& names = understood_.levels[f].names;
    Found one{.name = joined(folders_.folders[f].names, image),
              .class_name = name_on(names, FolderRole::class_name),
              .group = name_on(names, FolderRole::group),
              .part = name_on(names, FolderRole::part),
              .copies = {}};
    if (one.group.empty())
      one.group = one.name;
    else
      groups.insert(one.group);
    found.push_back(std::move(one));
  }

  // What is not there a second time is an image like any other.
  void read_copy(std::size_t f, const std::unordered_map<std::string, std::size_t>& by_place) {
    if (!is_class_folder(f)) return leave_outside(f, folders_.folders[f].images.size());
    add_folder(f);
    for (const std::string& image : folders_.folders[f].images) {
      const auto first = by_place.find(joined(understood_.levels[f].names, image));
      const fs::path path = spec_.path / joined(folders_.folders[f].names, image);
      if (first == by_place.end() || size_of(path) != size_of(spec_.path / found[first->second].name)) {
        add(f, image);
        continue;
      }
      found[first->second].copies.push_back(path);
      ++copies;
    }
  }

  const ImageFolders& folders_;
  const UnderstoodFolders& understood_;
  const DataSpec& spec_;
  std::map<FolderRole, std::size_t> level_of_;
};

// "read as part/group/class: 2 parts, 279 groups, 2 classes". Without names, which may be patients': it is logged.
std::string in_words(const UnderstoodFolders& understood, const Reading& reading) {
  std::string text = "read as " + to_string(understood.layout) + ": ";
  if (!reading.parts.empty()) text += counted(reading.parts.size(), "part") + ", ";
  if (!reading.groups.empty()) text += counted(reading.groups.size(), "group") + ", ";
  text += counted(reading.classes.size(), "class");
  if (reading.deeper > 0)
    text +=
        "; " + counted(reading.deeper, "image") + (reading.deeper == 1 ? " lies" : " lie") + " in folders below these";
  return text;
}

// "12 files in /data are ignored: their extensions, mostly `.dcm`, are not those of images".
std::string ignored_note(const DataSpec& spec, std::int64_t files,
                         const std::map<std::string, std::int64_t>& extensions) {
  const auto rarer = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto commonest = std::max_element(extensions.begin(), extensions.end(), rarer);
  const std::string example =
      commonest == extensions.end() ? "" : (files == 1 ? ", `" : ", mostly `") + printable(commonest->first) + "`,";
  return counted(files, "file") + " in " + printable(spec.path.string()) +
         (files == 1 ? " is ignored: its extension" + example + " is not that of an image"
                     : " are ignored: their extensions" + example + " are not those of images");
}

std::string are_left_out(std::int64_t images) {
  return counted(images, "image") + (images == 1 ? " is left out" : " are left out");
}

// What was passed over, with its count.
std::vector<Diagnostic> passed_over(const ImageFolders& folders, const UnderstoodFolders& understood,
                                    const Reading& reading, const DataSpec& spec) {
  std::vector<Diagnostic> notes;
  const auto note = [&](const std::string& key, const std::string& text, const std::string& folder = {}) {
    notes.push_back(data_note(spec, key, text, folder.empty() ? "" : "in `" + printable(folder) + "`"));
  };
  if (folders.others > 0) note("path", ignored_note(spec, folders.others, folders.other_extensions));
  if (!folders.system_folders.empty())
    note("path",
         counted(folders.system_folders.size(), "folder") + " that a system makes for itself " +
             (folders.system_folders.size() == 1 ? "is" : "are") + " passed over",
         folders.system_folders.front());
  if (folders.not_included > 0) note("include", are_left_out(folders.not_included) + " by data.include");
  for (std::size_t i = 0; i < folders.excluded.size(); ++i) {
    const std::string pattern = "`" + printable(spec.exclude[i]) + "`";
    if (folders.excluded[i] > 0)
      note("exclude", are_left_out(folders.excluded[i]) + " by data.exclude " + pattern);
    else
      notes.push_back(data_warning(spec, "exclude", "data.exclude " + pattern + " leaves out no image"));
  }
  if (reading.copies > 0)
    note("path",
         counted(reading.copies, "image") +
             (reading.copies == 1 ? " is a second copy and is" : " are second copies and are") +
             " left out: same place and size; their contents are compared when they are read",
         understood.copy);
  if (reading.outside > 0)
    notes.push_back(data_warning(spec, "path", are_left_out(reading.outside) + ", outside the class folders",
                                 "for example, `" + printable(reading.outside_example) + "`"));
  return notes;
}

void warn_of_companions(const ImageFolders& folders, const DataSpec& spec, std::vector<Diagnostic>& warnings) {
  const Companions companions = find_companions(folders.folders);
  if (companions.count == 0 || 4 * companions.count < folders.images) return;
  Diagnostic warning = data_warning(spec, "path",
                                    std::to_string(companions.count) + " of " + counted(folders.images, "image") +
                                        " have the name of another with `" + printable(companions.suffix) +
                                        "` added: are they masks or the like?");
  warning.advice = "for example, " + printable(companions.example) + "\ndata.exclude: ['*" +
                   printable(companions.suffix) + "*'] leaves them out";
  warnings.push_back(std::move(warning));
}

}  // namespace

std::unique_ptr<Source> open_class_folders(const DataSpec& spec) {
  const ImageFolders folders = find_image_folders(spec.path, {.include = spec.include, .exclude = spec.exclude});
  const UnderstoodFolders understood = understand_folders(folders, spec);
  Reading reading(folders, understood, spec);
  reading.read();
  std::vector<Diagnostic> warnings = passed_over(folders, understood, reading, spec);
  if (reading.classes.empty()) {
    Diagnostics faults;
    for (const Diagnostic& warning : warnings) faults.add(warning);  // they may be what explains it
    faults.error(place_of_key(spec, spec.layout.empty() ? "path" : "layout"),
                 "no class folders in " + printable(spec.path.string()) +
                     (spec.layout.empty() ? "" : ", read as " + to_string(spec.layout)),
                 "class_folders expects <path>/<class>/<images> or <path>/<train|validation|test>/<class>/<images>");
    faults.throw_errors();
  }
  warn_of_companions(folders, spec, warnings);

  std::sort(reading.found.begin(), reading.found.end(), [](const Found& a, const Found& b) { return a.name < b.name; });
  Listing listing;
  listing.classes = in_order(reading.classes);
  listing.layout = to_string(understood.layout);
  listing.layout_in_words = in_words(understood, reading);
  listing.warnings = std::move(warnings);
  std::map<std::string, std::int64_t> labels;
  for (const std::string& name : listing.classes) labels.emplace(name, static_cast<std::int64_t>(labels.size()));
  std::vector<fs::path> paths;
  std::vector<std::vector<fs::path>> copies;
  for (Found& image : reading.found) {
    paths.push_back(spec.path / image.name);
    if (reading.copies > 0) copies.push_back(std::move(image.copies));
    listing.samples.push_back(
        {std::move(image.name), labels.at(image.class_name), std::move(image.group), std::move(image.part)});
  }
  return std::make_unique<FileSource>(std::move(listing), std::move(paths), spec.window, spec.channels,
                                      std::move(copies));
}

}  // namespace rxrun
