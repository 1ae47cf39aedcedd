// An experiment for images that lie somewhere: what was understood of them, what was assumed, what to look at.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "drafting/recipe.h"
#include "experiment/experiment.h"

namespace rxrun {

// What was settled of the data, with its reason in words.
struct DraftedData {
  DataSpec spec;       // path: as the experiment writes it; parts, sizes, channels, window
  std::string layout;  // of folders: "group/class"; empty where there are none
  std::string found;   // "600 images of 2 classes in 20 groups: ..."
  std::string split_reason, size_reason, channels_reason, window_reason, augment_reason;  // empty: nothing to say
  std::string group_suggestion;  // a regular expression for group_by that the names suggest; empty: none
  std::vector<std::string> classes;
  std::array<std::vector<std::int64_t>, 3> class_images;  // of each part, how many of each class
  std::int64_t images = 0, groups = 0;                    // groups: 0 where images are drawn one by one
  std::vector<Diagnostic> warnings;                       // of the source and of the split
};

struct Draft {
  std::string name;  // of the experiment: letters, digits, `.`, `_` and `-`
  DraftedData data;
  Recipe recipe;
  std::vector<std::string> assumed, look_at;  // a sentence each
  std::string text;                           // the experiment file
};

// For what lies at `asked.path`, which is written as it is; `layout`, `include`, `exclude` and
// `channels` are heeded too. Lists the
// source, decodes a few dozen images of it, and draws the split as a run would. Throws Error when nothing can be
// trained on there.
Draft draft_experiment(const DataSpec& asked);

// The file's text; within this folder only.
std::string experiment_text(const Draft& draft);

}  // namespace rxrun
