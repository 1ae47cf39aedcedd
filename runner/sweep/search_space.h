// What a search chooses its points from: a declaration as a space with a coordinate for each dimension.
//
// log(...) and uniform(...) are numbers, their steps and lists of at least three numbers are ordered, and what else is
// listed is categorical. iso(...) is no dimension: it follows from the others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweep/declaration.h"
#include "sweep/points.h"
#include "sweep/tpe.h"

namespace rxrun {

class SearchSpace {
 public:
  // Throws Error: several files, nothing to choose among, or a choice of seeds, of which a search would find the
  // luckiest.
  explicit SearchSpace(const Declaration& declaration);

  const std::vector<SearchDimension>& dimensions() const { return dimensions_; }
  // How many places there are; nothing when a dimension is continuous.
  std::optional<std::uint64_t> size() const;
  Point point(const Coordinates& at) const;
  // JSON; equal for equal spaces, whatever the order of the words.
  std::string text() const;

  // Of places that have not been tried, as far as a thousand draws find one; otherwise empty: the space is exhausted.
  // Both are functions of their arguments alone.
  Coordinates start(std::uint64_t seed, std::uint64_t position, const std::vector<TriedPoint>& tried) const;
  // `attempt` counts what was chosen for this position before and could not be used.
  Coordinates next(std::uint64_t seed, std::uint64_t position, std::uint64_t attempt,
                   const std::vector<TriedPoint>& tried) const;

 private:
  Declaration declaration_;
  std::vector<Dimension> chosen_;  // without iso; the rows of ordered ones ascend
  std::vector<SearchDimension> dimensions_;
};

struct DeclaredSearch {
  SearchSpace space;
  std::int64_t trials = 0;  // points in all
  std::uint64_t seed = 1;   // of all that is drawn
};

// So many points are drawn anywhere before the first is chosen by what the others were worth.
inline constexpr std::int64_t kStartPoints = 10;

}  // namespace rxrun
