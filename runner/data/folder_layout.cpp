#include "data/folder_layout.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "data/fault.h"
#include "data/level_names.h"
#include "diagnostics/render.h"
#include "experiment/folder_layout_text.h"
#include "experiment/split_rules.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

using Names = std::set<std::string>;

// "2 classes (cat, dog)"
std::string counted_names(const Names& names, std::string_view noun) {
  constexpr std::size_t shown = 4;
  std::string list;
  std::size_t n = 0;
  for (const std::string& name : names) {
    if (n == shown) break;
    list += (n++ == 0 ? "" : ", ") + printable(name);
  }
  return counted(names.size(), noun) + " (" + list + (names.size() > shown ? ", ..." : "") + ")";
}

class Understanding {
 public:
  Understanding(const ImageFolders& found, const DataSpec& spec) : found_(found), spec_(spec) {
    for (const ImageFolder& folder : found.folders) understood_.levels.push_back({folder.names});
  }

  UnderstoodFolders understand() && {
    skip_wrappers_and_copies();
    if (spec_.layout.empty())
      find_layout();
    else
      understood_.layout = spec_.layout;
    return std::move(understood_);
  }

 private:
  const std::vector<std::string>& names_of(std::size_t folder) const { return understood_.levels[folder].names; }
  bool has_images(std::size_t folder) const { return !found_.folders[folder].images.empty(); }

  // The names on a level, of folders with images in or below them.
  Names names_on(std::size_t level) const {
    Names names;
    for (std::size_t f = 0; f < understood_.levels.size(); ++f)
      if (has_images(f) && names_of(f).size() > level) names.insert(names_of(f)[level]);
    return names;
  }

  bool images_lie_on(std::size_t depth) const {
    for (std::size_t f = 0; f < understood_.levels.size(); ++f)
      if (has_images(f) && names_of(f).size() == depth) return true;
    return false;
  }

  std::size_t deepest() const {
    std::size_t depth = 0;
    for (std::size_t f = 0; f < understood_.levels.size(); ++f)
      if (has_images(f)) depth = std::max(depth, names_of(f).size());
    return depth;
  }

  // Folders at the root that hold all the rest, as archives unpack; and what lies in them twice.
  void skip_wrappers_and_copies() {
    for (;;) {
      const std::size_t level = wrappers_;
      const Names names = names_on(level);
      if (names.size() == 1 && !is_part_name(*names.begin()) && !images_lie_on(level) && !images_lie_on(level + 1) &&
          deepest() > level + 1)
        ++wrappers_;
      else if (!understood_.copy.empty() || !remove_copy(level, names))
        return;
    }
  }

  // Whether a folder on `level` was found to be a second copy of its neighbours, and is no level any more.
  bool remove_copy(std::size_t level, const Names& names) {
    std::map<std::string, Names> below;
    std::map<std::string, std::vector<std::size_t>> members;  // by their name on this level
    std::map<std::vector<std::string>, std::size_t> folders;
    for (std::size_t f = 0; f < understood_.levels.size(); ++f) {
      folders.emplace(names_of(f), f);
      if (names_of(f).size() <= level) continue;
      members[names_of(f)[level]].push_back(f);
      if (has_images(f) && names_of(f).size() > level + 1) below[names_of(f)[level]].insert(names_of(f)[level + 1]);
    }
    for (const auto& [name, inner] : below) {
      const auto beside = [&, self = name](const std::string& one) { return one != self && names.contains(one); };
      const auto shared = static_cast<std::size_t>(std::count_if(inner.begin(), inner.end(), beside));
      if (shared == 0 || 2 * shared < inner.size() || !repeats_neighbours(level, members[name], folders)) continue;
      for (FolderLevels& folder : understood_.levels) {
        if (folder.names.size() <= level || folder.names[level] != name) continue;
        understood_.copy.clear();
        for (std::size_t i = 0; i <= level; ++i) understood_.copy += (i == 0 ? "" : "/") + folder.names[i];
        folder.names.erase(folder.names.begin() + static_cast<std::ptrdiff_t>(level));
        folder.in_copy = true;
      }
      return true;
    }
    return false;
  }

  // Whether at least half of the images in `members`, which are below one name, lie beside it too, at the same place
  // and of the same size.
  bool repeats_neighbours(std::size_t level, const std::vector<std::size_t>& members,
                          const std::map<std::vector<std::string>, std::size_t>& folders) const {
    std::int64_t images = 0, repeated = 0;
    for (const std::size_t f : members) {
      std::vector<std::string> names = names_of(f);
      images += static_cast<std::int64_t>(found_.folders[f].images.size());
      names.erase(names.begin() + static_cast<std::ptrdiff_t>(level));
      const auto other = folders.find(names);
      if (other == folders.end()) continue;
      const std::vector<std::string>& there = found_.folders[other->second].images;
      for (const std::string& image : found_.folders[f].images)
        if (std::binary_search(there.begin(), there.end(), image) && same_size(f, other->second, image)) ++repeated;
    }
    return images > 0 && 2 * repeated >= images;
  }

  bool same_size(std::size_t a, std::size_t b, const std::string& image) const {
    const auto size = [&](std::size_t f) {
      fs::path path = spec_.path;
      for (const std::string& name : found_.folders[f].names) path /= name;
      std::error_code unknown;
      return fs::file_size(path / image, unknown);
    };
    return size(a) == size(b);
  }

  void find_layout() {
    if (found_.images == 0) {  // classes without images are told of by their names
      understood_.layout = {FolderRole::class_name};
      return;
    }
    understood_.layout.assign(wrappers_, FolderRole::any);
    std::vector<std::size_t> levels;  // whose role is open
    for (std::size_t level = wrappers_; level < deepest(); ++level) levels.push_back(level);
    if (levels.empty()) return no_folders();
    const auto part = std::find_if(levels.begin(), levels.end(), [&](std::size_t level) { return are_parts(level); });
    if (part != levels.end()) {
      part_ = *part;
      levels.erase(part);
      if (levels.empty()) return no_folders();
    } else {
      check_no_part_among_others(levels.front());
    }
    for (auto level = levels.begin(); level != levels.end() && levels.size() > 1;)
      level = means_nothing(*level, levels) ? levels.erase(level) : level + 1;
    choose(levels);
  }

  // All the names are those of parts; of one alone only if it is at the root, so that a class may be called `test`.
  bool are_parts(std::size_t level) const {
    const Names names = names_on(level);
    if (!std::all_of(names.begin(), names.end(), is_part_name)) return false;
    Names parts;
    for (const std::string& name : names) parts.insert(canonical_part(name));
    return parts.size() > 1 || (level == wrappers_ && deepest() > level + 1);
  }

  // Parts beside what is none: one of them is called wrongly, or should not be there.
  void check_no_part_among_others(std::size_t level) const {
    Names parts, kinds, others;
    const Names all = names_on(level);
    for (const std::string& name : all) (is_part_name(name) ? parts : others).insert(name);
    for (const std::string& name : parts) kinds.insert(canonical_part(name));
    bool divided = kinds.size() > 1;  // or a part that holds folders called as those beside it
    for (std::size_t f = 0; f < understood_.levels.size() && !divided; ++f)
      divided = names_of(f).size() > level + 1 && parts.contains(names_of(f)[level]) &&
                others.contains(names_of(f)[level + 1]);
    if (!divided || deepest() <= level + 1) return;
    std::string strange;
    for (const std::string& name : others) strange += (strange.empty() ? "" : ", ") + printable(name);
    ambiguous(counted_names(parts, "part") + " beside " + counted_names(others, "folder") + " that " +
                  (others.size() == 1 ? "is" : "are") + " none",
              "data.exclude: [" + strange + "] leaves " + (others.size() == 1 ? "it" : "them") +
                  " out; data.layout: part/class takes all " + std::to_string(all.size()) +
                  " for parts, and data.layout: class for classes");
  }

  // One folder in each folder: a name for all that is in it, or a name again.
  bool means_nothing(std::size_t level, const std::vector<std::size_t>& levels) const {
    std::unordered_map<std::string, Names> inner;  // by the folders above
    std::unordered_map<std::string, Names> above;
    for (std::size_t f = 0; f < understood_.levels.size(); ++f) {
      if (!has_images(f)) continue;
      if (names_of(f).size() <= level) {
        if (names_of(f).size() == level && level > wrappers_) return false;  // images beside the folders
        continue;
      }
      std::string before;
      for (std::size_t i = 0; i < level; ++i) before += names_of(f)[i] + "/";
      inner[before].insert(names_of(f)[level]);
      above[names_of(f)[level]].insert(before);
    }
    if (std::any_of(inner.begin(), inner.end(), [](const auto& one) { return one.second.size() > 1; })) return false;
    // At the top its names are all that tells the images apart.
    if (level == levels.front() && !part_) return above.size() == 1;
    return above.size() == 1 ||
           std::all_of(above.begin(), above.end(), [](const auto& one) { return one.second.size() == 1; });
  }

  void choose(const std::vector<std::size_t>& levels) {
    if (levels.size() == 1) {
      if (const Names names = names_on(levels.front()); are_kinds_of_files(names))
        ambiguous("folders called " + *names.begin() + " and " + *names.rbegin() + " are hardly classes",
                  reading(levels.front(), std::nullopt) + "; data.exclude: [" + *names.rbegin() +
                      "] leaves out the images in folders of that name");
      return set(levels.front(), std::nullopt);
    }
    const std::size_t outer = levels[0], inner = levels[1];
    const LevelPair pair(understood_.levels, outer, inner, [&](std::size_t f) { return has_images(f); });
    const LevelPair last(understood_.levels, levels[levels.size() - 2], levels.back(),
                         [&](std::size_t f) { return has_images(f); });
    if (levels.size() > 2 && last.recurs && last.inner.size() > 1) {
      if (named_as_groups(pair.outer) && !named_as_groups(last.inner)) return set(levels.back(), outer);
      return several(levels);  // class/patient/series or hospital/patient/class
    }
    // Where images lie beside the inner folders too, those are no more than an order within.
    const bool loose = images_lie_on(outer + 1);
    const bool by_group = pair.outer_are_groups(), by_class = pair.inner_are_groups();
    if (by_group && !by_class && !loose) return set(inner, outer);
    if (loose && !by_group) return set(outer, std::nullopt);
    if (by_class && !by_group) return set(outer, inner);
    several(levels);
  }

  void set(std::size_t class_level, std::optional<std::size_t> group) {
    FolderLayout& layout = understood_.layout;
    layout = with_roles(class_level, group);
  }

  FolderLayout with_roles(std::size_t class_level, std::optional<std::size_t> group) const {
    FolderLayout layout(std::max({class_level, group.value_or(0), part_.value_or(0)}) + 1, FolderRole::any);
    if (part_) layout[*part_] = FolderRole::part;
    if (group) layout[*group] = FolderRole::group;
    layout[class_level] = FolderRole::class_name;
    return layout;
  }

  std::string reading(std::size_t class_level, std::optional<std::size_t> group) const {
    return "data.layout: " + to_string(with_roles(class_level, group)) + " reads " +
           counted_names(names_on(class_level), "class") +
           (group ? " and " + counted_names(names_on(*group), "group") : "");
  }

  [[noreturn]] void several(const std::vector<std::size_t>& levels) const {
    const std::size_t last = levels.back();
    std::string readings = reading(levels[0], std::nullopt);
    if (levels.size() == 2 &&
        LevelPair(understood_.levels, levels[0], last, [&](std::size_t f) { return has_images(f); }).recurs)
      readings += "; " + reading(levels[0], last) + "; " + reading(last, levels[0]);
    else if (levels.size() > 2)
      readings += "; " + reading(last, levels[levels.size() - 2]);
    else
      readings += "; " + reading(last, std::nullopt);
    const Names names = names_on(last);
    if (are_kinds_of_files(names))
      readings += "; data.exclude: [" + *names.rbegin() + "] leaves out the images in folders of that name";
    ambiguous("they have " + counted(levels.size(), "level") + ", and either may be the classes", readings);
  }

  [[noreturn]] void ambiguous(const std::string& why, const std::string& readings) const {
    bad_data(spec_, "layout",
             "the folders in " + printable(spec_.path.string()) + " can be read in several ways: " + why, readings);
  }

  void no_folders() const {
    const bool parts = part_.has_value();
    bad_data(spec_, "path",
             parts ? "the parts in " + printable(spec_.path.string()) + " hold images, but no class folders"
                   : "no class folders in " + printable(spec_.path.string()) + ", which holds " +
                         counted(found_.images, "image"),
             "class_folders expects <path>/<class>/<images> or <path>/<train|validation|test>/<class>/<images>; where "
             "classes are no folders, source manifest takes a CSV file with the columns path and label" +
                 std::string(parts ? "; data.layout: class takes the parts for classes" : ""));
  }

  const ImageFolders& found_;
  const DataSpec& spec_;
  UnderstoodFolders understood_;
  std::size_t wrappers_ = 0;
  std::optional<std::size_t> part_;
};

}  // namespace

UnderstoodFolders understand_folders(const ImageFolders& found, const DataSpec& spec) {
  return Understanding(found, spec).understand();
}

}  // namespace rxrun
