// What folders of images mean: which level of them names the part, which the group, which the class.
#pragma once

#include <string>
#include <vector>

#include "data/image_folders.h"
#include "experiment/experiment.h"

namespace rxrun {

// The names of one folder's levels that count: those of `names`, but for that of a folder that holds a second copy of
// what lies beside it.
struct FolderLevels {
  std::vector<std::string> names;
  bool in_copy = false;
};

struct UnderstoodFolders {
  FolderLayout layout;
  std::vector<FolderLevels> levels;  // of each of the image folders
  std::string copy;                  // relative to the root, the folder with the second copy; empty: there is none
};

// Takes spec.layout, or finds the only layout that the names allow:
// - a level on which there is one folder alone, or one in each folder, means nothing (`any`);
// - folders that are all called after parts (is_part_name) are parts;
// - of two levels, the one whose few names recur in many folders is the class and the other the group, and so is the
//   one beside a level of names that are evidently those of groups (`patient_17`, or long series of numbers).
// A folder that repeats most of what lies beside it, by the names and sizes of its images, is a second copy and not a
// class. Throws Error at data.layout where there is no layout, or more than one: with the readings and what to write.
UnderstoodFolders understand_folders(const ImageFolders& found, const DataSpec& spec);

}  // namespace rxrun
