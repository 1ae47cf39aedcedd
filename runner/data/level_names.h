// What the names on a level of folders look like: those of classes are few words, those of groups many and numbered.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rxrun {

// All of them say so: `patient_17`, `subject-3`, `case 12`.
bool named_as_groups(const std::set<std::string>& names);
// At least three, each with a digit in it: `8863`, `TCGA-AA-3514`, `s01`.
bool are_numbered(const std::set<std::string>& names);
// 0, 1, ... or 1, 2, ... without a gap, as labels are.
bool are_labels(const std::set<std::string>& names);
// What lies side by side of one image: `images` and `masks`.
bool are_kinds_of_files(const std::set<std::string>& names);

// Two levels of folders, one in the other.
struct LevelPair {
  std::set<std::string> outer, inner;
  bool recurs = false;  // nearly all inner names are in several of the outer folders

  // `levels`: the names on the way to each folder; looks at those that `counts` and that reach as far as `in`.
  template <typename Levels>
  LevelPair(const Levels& levels, std::size_t out, std::size_t in, const std::function<bool(std::size_t)>& counts) {
    std::map<std::string, std::set<std::string>> outer_of;
    for (std::size_t f = 0; f < levels.size(); ++f) {
      const std::vector<std::string>& names = levels[f].names;
      if (!counts(f) || names.size() <= in) continue;
      outer.insert(names[out]);
      inner.insert(names[in]);
      outer_of[names[in]].insert(names[out]);
    }
    std::size_t in_several = 0;
    for (const auto& [name, parents] : outer_of) in_several += parents.size() > 1 ? 1 : 0;
    recurs = in_several > 0 && 10 * in_several >= 9 * inner.size();
  }

  // Whether the outer ones are groups that hold the same few classes, or the inner ones groups within a class. Either,
  // both or neither can be.
  bool outer_are_groups() const;
  bool inner_are_groups() const;
};

}  // namespace rxrun
