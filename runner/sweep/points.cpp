#include "sweep/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "diagnostics/render.h"
#include "random/random.h"

namespace rxrun {
namespace {

bool is_draw(const Dimension& dimension) {
  return dimension.kind == Dimension::Kind::uniform || dimension.kind == Dimension::Kind::logarithmic;
}

constexpr std::uint64_t most_attempts = 1000;  // to draw what is new

std::uint64_t steps_in(const Dimension& dimension) {
  return static_cast<std::uint64_t>(std::floor((dimension.high - dimension.low) / dimension.step + 1e-9)) + 1;
}

std::string step_text(const Dimension& dimension, std::uint64_t step) {
  return fmt::format("{:.12g}", dimension.low + static_cast<double>(step) * dimension.step);
}

std::string drawn(const Dimension& dimension, std::uint64_t seed, std::uint64_t trial, std::uint64_t attempt) {
  const std::string& key = dimension.keys[0];
  RandomStream random(seed, Purpose::sweep, trial, key_of(key.data(), key.size()) + attempt);
  if (dimension.kind == Dimension::Kind::logarithmic)
    return fmt::format("{:.6g}", std::exp(random.uniform(std::log(dimension.low), std::log(dimension.high))));
  if (dimension.step == 0.0) return fmt::format("{:.6g}", random.uniform(dimension.low, dimension.high));
  return step_text(dimension, random.below(steps_in(dimension)));
}

using Draw = std::vector<std::string>;  // a value for each dimension that is drawn

// The first from `steps` on that is not among `known`, the last dimension the fastest; some are left. All before
// `steps` is known, so that the next search goes on from there.
Draw first_new(const std::vector<Dimension>& dimensions, const std::set<Draw>& known,
               std::vector<std::uint64_t>& steps) {
  for (;;) {
    Draw draw;
    for (std::size_t d = 0; d < dimensions.size(); ++d) draw.push_back(step_text(dimensions[d], steps[d]));
    if (known.count(draw) == 0) return draw;
    for (std::size_t d = dimensions.size(); d-- > 0;) {
      if (++steps[d] < steps_in(dimensions[d])) break;
      steps[d] = 0;
    }
  }
}

std::vector<Draw> draws_of(const Declaration& declaration, const DrawOptions& draws) {
  std::vector<Dimension> dimensions;
  std::copy_if(declaration.dimensions.begin(), declaration.dimensions.end(), std::back_inserter(dimensions), is_draw);
  const std::optional<std::uint64_t> different = different_draws(declaration);
  const auto trials = std::min(static_cast<std::uint64_t>(draws.trials), different.value_or(~std::uint64_t{0}));
  std::vector<Draw> all;
  std::set<Draw> known;
  std::vector<std::uint64_t> steps(dimensions.size(), 0);
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    Draw draw;
    bool is_new = false;
    for (std::uint64_t attempt = 0; attempt < most_attempts && !is_new; ++attempt) {
      draw.clear();
      for (const Dimension& dimension : dimensions) draw.push_back(drawn(dimension, draws.seed, trial, attempt));
      is_new = !different || known.count(draw) == 0;
    }
    if (!is_new) draw = first_new(dimensions, known, steps);
    if (different) known.insert(draw);
    all.push_back(std::move(draw));
  }
  return all;
}

// The choices of one dimension of the product: each is what it adds to a point.
using Choices = std::vector<std::vector<Override>>;

std::vector<Choices> choices_of(const Declaration& declaration, const DrawOptions& draws) {
  const std::vector<Draw> drawn = draws_of(declaration, draws);
  std::vector<Choices> all;
  std::optional<std::size_t> draws_at;
  std::size_t place = 0;  // among the dimensions that are drawn
  for (const Dimension& dimension : declaration.dimensions) {
    if (dimension.kind == Dimension::Kind::iso) continue;
    if (is_draw(dimension)) {
      if (!draws_at) {
        draws_at = all.size();
        all.emplace_back(drawn.size());
      }
      for (std::size_t trial = 0; trial < drawn.size(); ++trial)
        all[*draws_at][trial].push_back({dimension.keys[0], drawn[trial][place]});
      ++place;
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

// That many overrides are two hundred megabytes and a second's work.
void check_room(const Declaration& declaration, const DrawOptions& draws) {
  constexpr double most_settings = 2'000'000;
  std::size_t keys = declaration.fixed.size();
  for (const Dimension& dimension : declaration.dimensions) keys += dimension.keys.size();
  const std::uint64_t points = count_points(declaration, draws);
  if (static_cast<double>(points) * static_cast<double>(std::max<std::size_t>(1, keys)) > most_settings)
    throw Error(Failure::usage,
                fmt::format("these are {} points, each of which sets {}: more than one sweep can hold", points,
                            counted(keys, "key")),
                "divide them among several sweeps");
}

void check_draws(const Declaration& declaration, const DrawOptions& draws) {
  const auto draw = std::find_if(declaration.dimensions.begin(), declaration.dimensions.end(), is_draw);
  if (draw != declaration.dimensions.end() && draws.trials < 1)
    throw Error(
        Diagnostic{.where = draw->where, .message = "the number of draws is missing", .advice = "add --trials N"});
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

std::optional<std::uint64_t> different_draws(const Declaration& declaration) {
  constexpr double most = 1e15;
  double count = 1.0;
  bool any = false;
  for (const Dimension& dimension : declaration.dimensions) {
    if (!is_draw(dimension)) continue;
    if (dimension.step == 0.0) return std::nullopt;
    any = true;
    count = std::min(most, count * static_cast<double>(steps_in(dimension)));
  }
  return any ? std::optional(static_cast<std::uint64_t>(count)) : std::nullopt;
}

std::uint64_t count_points(const Declaration& declaration, const DrawOptions& draws) {
  check_draws(declaration, draws);
  double count = static_cast<double>(std::max<std::size_t>(1, declaration.files.size()));
  if (draws.trials > 0)
    count *= static_cast<double>(
        std::min(static_cast<std::uint64_t>(draws.trials), different_draws(declaration).value_or(~std::uint64_t{0})));
  for (const Dimension& dimension : declaration.dimensions)
    if (dimension.kind == Dimension::Kind::grid) count *= static_cast<double>(dimension.values.size());
  constexpr double most = 1e15;
  return static_cast<std::uint64_t>(std::min(count, most));
}

std::vector<Point> expand(const Declaration& declaration, const DrawOptions& draws) {
  check_room(declaration, draws);
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
