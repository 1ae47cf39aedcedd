// Dimensions → the points of a sweep, each a file with overrides.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiment/document.h"
#include "sweep/declaration.h"

namespace rxrun {

struct Point {
  std::filesystem::path file;
  std::vector<Override> overrides;
  std::size_t fixed = 0;        // so many of them, the first, are those of every point
  std::string solve;            // key of iso(parameters), whose value is to be worked out; empty: none
  std::vector<double> at = {};  // its place in the space of a search; empty: there is none
  bool operator==(const Point& other) const;
};

struct DrawOptions {
  std::int64_t trials = 0;  // draws of log() and uniform() for each point of the grid
  std::uint64_t seed = 1;   // of the draws
};

// How many different draws there are when all that is drawn has steps; nothing when something is continuous or nothing
// is drawn.
std::optional<std::uint64_t> different_draws(const Declaration& declaration);

// How many points there would be, without making them. Throws Error for draws without trials and the reverse.
std::uint64_t count_points(const Declaration& declaration, const DrawOptions& draws);

// Files outermost, then the dimensions in the order typed, the last one fastest; draws count as one dimension, at the
// place of the first. Trial t of a key is the same number in every point of the grid, and more trials only add some. Of
// what has steps only, no draw comes twice, and there are not more than there are different ones. Throws Error as
// count_points(), and for more points than memory is for.
std::vector<Point> expand(const Declaration& declaration, const DrawOptions& draws);

}  // namespace rxrun
