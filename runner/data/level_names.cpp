#include "data/level_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace rxrun {
namespace {

using Names = std::set<std::string>;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool named_as_groups(const Names& names) {
  static constexpr std::array<std::string_view, 12> words = {"patient",     "patients", "pat",    "subject",
                                                             "subj",        "sub",      "case",   "person",
                                                             "participant", "slide",    "animal", "donor"};
  return !names.empty() && std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    const std::string text = lower(name);
    const auto end = std::find_if(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) == 0; });
    const std::string_view word(text.data(), static_cast<std::size_t>(end - text.begin()));
    return std::any_of(end, text.end(), is_digit) && std::find(words.begin(), words.end(), word) != words.end();
  });
}

bool are_numbered(const Names& names) {
  return names.size() >= 3 && std::all_of(names.begin(), names.end(), [](const std::string& name) {
           return std::any_of(name.begin(), name.end(), is_digit);
         });
}

bool are_labels(const Names& names) {
  const auto from = [&](std::size_t first) {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (!names.contains(std::to_string(first + i))) return false;
    return true;
  };
  return names.size() > 1 && (from(0) || from(1));
}

bool are_kinds_of_files(const Names& names) {
  static constexpr std::array<std::string_view, 22> words = {
      "image",       "images",       "img",           "imgs",       "original",    "originals",
      "raw",         "mask",         "masks",         "label",      "labels",      "gt",
      "seg",         "segmentation", "segmentations", "annotation", "annotations", "ground_truth",
      "groundtruth", "contour",      "contours",      "overlay"};
  return names.size() > 1 && std::all_of(names.begin(), names.end(), [&](const std::string& name) {
           return std::find(words.begin(), words.end(), lower(name)) != words.end();
         });
}

bool LevelPair::outer_are_groups() const {
  if (are_kinds_of_files(inner) || inner.size() < 2) return false;
  if (named_as_groups(outer)) return true;
  const std::size_t groups = outer.size(), classes = inner.size();
  const bool numbered = are_numbered(outer) && !are_labels(outer);
  return recurs && ((numbered && groups >= 8 && groups >= 2 * classes) || (groups >= 30 && groups >= 5 * classes) ||
                    (numbered && are_labels(inner) && groups > classes));
}

bool LevelPair::inner_are_groups() const {
  if (are_kinds_of_files(inner)) return false;
  if (named_as_groups(inner)) return true;
  // Names that recur may be classes in folders of hospitals, or of colours.
  return !recurs && are_numbered(inner) && !are_labels(inner) && inner.size() > outer.size() && !are_numbered(outer);
}

}  // namespace rxrun
