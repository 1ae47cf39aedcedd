#include "sweep/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "random/random.h"

namespace rxrun {
namespace {

bool is_draw(const Dimension& dimension) {
  return dimension.kind == Dimension::Kind::uniform || dimension.kind == Dimension::Kind::logarithmic;
}

std::string drawn(const Dimension& dimension, std::uint64_t seed, std::uint64_t trial) {
  const std::string& key = dimension.keys[0];
  RandomStream random(seed, Purpose::sweep, trial, key_of(key.data(), key.size()));
  if (dimension.kind == Dimension::Kind::logarithmic)
    return fmt::format("{:.6g}", std::exp(random.uniform(std::log(dimension.low), std::log(dimension.high))));
  if (dimension.step == 0.0) return fmt::format("{:.6g}", random.uniform(dimension.low, dimension.high));
  const auto steps = static_cast<std::uint64_t>(std::floor((dimension.high - dimension.low) / dimension.step + 1e-9));
  return fmt::format("{:.12g}", dimension.low + static_cast<double>(random.below(steps + 1)) * dimension.step);
}

// The choices of one dimension of the product: each is what it adds to a point.
using Choices = std::vector<std::vector<Override>>;

std::vector<Choices> choices_of(const Declaration& declaration, const DrawOptions& draws) {
  std::vector<Choices> all;
  std::size_t trials_at = std::numeric_limits<std::size_t>::max();
  for (const Dimension& dimension : declaration.dimensions) {
    if (dimension.kind == Dimension::Kind::iso) continue;
    if (is_draw(dimension)) {
      if (trials_at == std::numeric_limits<std::size_t>::max()) {
        trials_at = all.size();
        all.emplace_back(static_cast<std::size_t>(draws.trials));
      }
      for (std::uint64_t trial = 0; trial < static_cast<std::uint64_t>(draws.trials); ++trial)
        all[trials_at][trial].push_back({dimension.keys[0], drawn(dimension, draws.seed, trial)});
      continue;
    }
    Choices& choices = all.emplace_back();
    for (const auto& row : dimension.values) {
      std::vector<Override>& choice = choices.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) choice.push_back({dimension.keys[i], row[i]});
    }
  }
  return all;
}

void check_draws(const Declaration& declaration, const DrawOptions& draws) {
  const auto draw = std::find_if(declaration.dimensions.begin(), declaration.dimensions.end(), is_draw);
  if (draw != declaration.dimensions.end() && draws.trials < 1)
    throw Error(Diagnostic{
        .where = draw->where, .message = "how many draws are wanted is not said", .advice = "add --trials N"});
  if (draw == declaration.dimensions.end() && draws.trials > 0)
    throw Error(Failure::usage, "--trials counts draws, but nothing is drawn",
                "write lr=log(1e-5,1e-2) or key=uniform(low,high)");
}

}  // namespace

bool Point::operator==(const Point& other) const {
  const auto same = [](const Override& a, const Override& b) { return a.path == b.path && a.value == b.value; };
  return file == other.file && solve == other.solve &&
         std::equal(overrides.begin(), overrides.end(), other.overrides.begin(), other.overrides.end(), same);
}

std::uint64_t count_points(const Declaration& declaration, const DrawOptions& draws) {
  check_draws(declaration, draws);
  double count = static_cast<double>(std::max<std::size_t>(1, declaration.files.size()));
  if (draws.trials > 0) count *= static_cast<double>(draws.trials);
  for (const Dimension& dimension : declaration.dimensions)
    if (dimension.kind == Dimension::Kind::grid) count *= static_cast<double>(dimension.values.size());
  constexpr double most = 1e15;
  return static_cast<std::uint64_t>(std::min(count, most));
}

std::vector<Point> expand(const Declaration& declaration, const DrawOptions& draws) {
  check_draws(declaration, draws);
  std::vector<Point> points;
  for (const auto& file : declaration.files)
    points.push_back({.file = file, .overrides = declaration.fixed, .fixed = declaration.fixed.size(), .solve = {}});
  for (const Choices& choices : choices_of(declaration, draws)) {
    std::vector<Point> longer;
    longer.reserve(points.size() * choices.size());
    for (const Point& point : points)
      for (const auto& choice : choices) {
        Point& next = longer.emplace_back(point);
        next.overrides.insert(next.overrides.end(), choice.begin(), choice.end());
      }
    points = std::move(longer);
  }
  for (const Dimension& dimension : declaration.dimensions)
    if (dimension.kind == Dimension::Kind::iso)
      for (Point& point : points) point.solve = dimension.keys[0];
  return points;
}

}  // namespace rxrun
