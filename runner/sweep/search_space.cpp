#include "sweep/search_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiment/node.h"

namespace rxrun {
namespace {

constexpr std::uint64_t most_draws = 1000;  // for one place that is new
constexpr std::size_t least_ordered = 3;

std::optional<double> number_in(const std::string& text) {
  const Node node = scalar(text, false, {});
  if (node.kind == Node::Kind::integer) return static_cast<double>(node.integer);
  if (node.kind == Node::Kind::real && std::isfinite(node.real)) return node.real;
  return std::nullopt;
}

// Each is read once: to read one is most of the work.
void sort_by_number(std::vector<std::vector<std::string>>& values) {
  std::vector<std::pair<double, std::vector<std::string>>> numbered;
  for (auto& row : values) numbered.emplace_back(number_in(row[0]).value(), std::move(row));
  std::stable_sort(numbered.begin(), numbered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::move(numbered[i].second);
}

bool is_ordered(const Dimension& dimension) {
  return dimension.keys.size() == 1 && dimension.values.size() >= least_ordered &&
         std::all_of(dimension.values.begin(), dimension.values.end(),
                     [](const auto& row) { return number_in(row[0]).has_value(); });
}

std::size_t steps_in(const Dimension& dimension) {
  return static_cast<std::size_t>(std::floor((dimension.high - dimension.low) / dimension.step + 1e-9)) + 1;
}

SearchDimension searched(const Dimension& dimension) {
  using Kind = SearchDimension::Kind;
  if (dimension.kind == Dimension::Kind::grid)
    return {.kind = is_ordered(dimension) ? Kind::ordered : Kind::categorical, .levels = dimension.values.size()};
  if (dimension.step > 0.0) return {.kind = Kind::ordered, .levels = steps_in(dimension)};
  return {.kind = Kind::continuous};
}

std::vector<Override> chosen_at(const Dimension& dimension, double at) {
  if (dimension.kind == Dimension::Kind::grid) {
    std::vector<Override> values;
    const std::vector<std::string>& row = dimension.values.at(static_cast<std::size_t>(at));
    for (std::size_t i = 0; i < row.size(); ++i) values.push_back({dimension.keys[i], row[i]});
    return values;
  }
  if (dimension.step > 0.0) return {{dimension.keys[0], fmt::format("{:.12g}", dimension.low + at * dimension.step)}};
  const bool logarithmic = dimension.kind == Dimension::Kind::logarithmic;
  const double low = logarithmic ? std::log(dimension.low) : dimension.low;
  const double high = logarithmic ? std::log(dimension.high) : dimension.high;
  const double value = low + at * (high - low);
  return {{dimension.keys[0], fmt::format("{:.6g}", logarithmic ? std::exp(value) : value)}};
}

bool is_tried(const Coordinates& at, const std::vector<TriedPoint>& tried) {
  return std::any_of(tried.begin(), tried.end(), [&](const TriedPoint& point) { return point.at == at; });
}

}  // namespace

SearchSpace::SearchSpace(const Declaration& declaration) : declaration_(declaration) {
  Diagnostics diagnostics;
  if (declaration.files.size() != 1)
    diagnostics.error({}, "a search covers a single experiment file",
                      "search each file separately, and compare the best points");
  for (const Dimension& dimension : declaration.dimensions) {
    if (dimension.kind == Dimension::Kind::iso) continue;
    if (std::find(dimension.keys.begin(), dimension.keys.end(), "seed") != dimension.keys.end())
      diagnostics.error(dimension.where, "a search over seeds would find the luckiest, not the best",
                        "search with one seed, and repeat the best points with several");
    Dimension& chosen = chosen_.emplace_back(dimension);
    if (chosen.kind == Dimension::Kind::grid && is_ordered(chosen)) sort_by_number(chosen.values);
  }
  if (chosen_.empty() && !diagnostics.has_errors())
    diagnostics.error({}, "there is nothing to search over", "for example: lr=log(1e-5,1e-2) batch=16,32,64");
  diagnostics.throw_errors();
  std::sort(chosen_.begin(), chosen_.end(), [](const Dimension& a, const Dimension& b) { return a.keys < b.keys; });
  for (const Dimension& dimension : chosen_) dimensions_.push_back(searched(dimension));
}

std::optional<std::uint64_t> SearchSpace::size() const {
  constexpr double most = 1e15;
  double places = 1.0;
  for (const SearchDimension& dimension : dimensions_) {
    if (dimension.kind == SearchDimension::Kind::continuous) return std::nullopt;
    places = std::min(most, places * static_cast<double>(dimension.levels));
  }
  return static_cast<std::uint64_t>(places);
}

Point SearchSpace::point(const Coordinates& at) const {
  Point point{.file = declaration_.files.front(),
              .overrides = declaration_.fixed,
              .fixed = declaration_.fixed.size(),
              .solve = {},
              .at = at};
  for (std::size_t d = 0; d < chosen_.size(); ++d)
    for (Override& value : chosen_at(chosen_[d], at.at(d))) point.overrides.push_back(std::move(value));
  for (const Dimension& dimension : declaration_.dimensions)
    if (dimension.kind == Dimension::Kind::iso) point.solve = dimension.keys[0];
  return point;
}

std::string SearchSpace::text() const {
  nlohmann::ordered_json space = nlohmann::ordered_json::array();
  for (const Dimension& dimension : chosen_) {
    nlohmann::ordered_json one = {{"keys", dimension.keys}};
    if (dimension.kind == Dimension::Kind::grid) {
      one["values"] = dimension.values;
    } else {
      one["scale"] = dimension.kind == Dimension::Kind::logarithmic ? "log" : "uniform";
      one["low"] = dimension.low;
      one["high"] = dimension.high;
      if (dimension.step > 0.0) one["step"] = dimension.step;
    }
    space.push_back(one);
  }
  return space.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Coordinates SearchSpace::start(std::uint64_t seed, std::uint64_t position, const std::vector<TriedPoint>& tried) const {
  RandomStream random(seed, Purpose::sweep, position, key_of("start", 5));
  for (std::uint64_t draw = 0; draw < most_draws; ++draw)
    if (Coordinates at = any_point(dimensions_, random); !is_tried(at, tried)) return at;
  return {};
}

Coordinates SearchSpace::next(std::uint64_t seed, std::uint64_t position, std::uint64_t attempt,
                              const std::vector<TriedPoint>& tried) const {
  RandomStream random(seed, Purpose::sweep, position, key_of("next", 4) + attempt);
  // In a small space most of what promises much has been tried: then anything new will do.
  constexpr std::uint64_t promising_draws = 20;
  for (std::uint64_t draw = 0; draw < promising_draws; ++draw)
    if (Coordinates at = promising_point(dimensions_, tried, random); !is_tried(at, tried)) return at;
  for (std::uint64_t draw = 0; draw < most_draws; ++draw)
    if (Coordinates at = any_point(dimensions_, random); !is_tried(at, tried)) return at;
  return {};
}

}  // namespace rxrun
