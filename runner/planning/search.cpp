#include "planning/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

constexpr std::uint64_t most_attempts = 50;  // for one position

TriedPoint::State state_of(const SearchedPoint& point) {
  using State = TriedPoint::State;
  if (point.status == PointStatus::failed) return State::failed;
  if (point.status == PointStatus::finished) return point.value ? State::finished : State::failed;
  return point.value ? State::pruned : State::open;
}

}  // namespace

SweepSearch::SweepSearch(DeclaredSearch search, SweepPlanner& planner, SweepPlan& plan, PlanObserver& observer)
    : search_(std::move(search)), planner_(planner), plan_(plan), observer_(observer) {
  std::vector<Point> points;
  std::vector<TriedPoint> drawn;
  for (std::int64_t i = 1; i <= std::min(search_.trials, kStartPoints); ++i) {
    const Coordinates at = search_.space.start(search_.seed, static_cast<std::uint64_t>(i), drawn);
    if (at.empty()) break;
    points.push_back(search_.space.point(at));
    drawn.push_back({.at = at});
  }
  plan_ = planner_.plan_all(points);
  plan_.expected = static_cast<std::size_t>(
      std::min(static_cast<std::uint64_t>(search_.trials), search_.space.size().value_or(~std::uint64_t{0})));
}

std::string SweepSearch::text() const {
  return fmt::format(R"({{"search":"tpe","draw_seed":{},"space":{}}})", search_.seed, search_.space.text());
}

std::vector<SearchedPoint> SweepSearch::searched(const SweepRows& rows, std::int64_t sweep) const {
  return rows.searched(sweep, plan_.points.front().metric);
}

Coordinates SweepSearch::coordinates_of(const SearchedPoint& point) const {
  const nlohmann::json list = nlohmann::json::parse(point.coordinates, nullptr, false);
  const auto is_number = [](const nlohmann::json& one) { return one.is_number(); };
  const auto& dimensions = search_.space.dimensions();
  Coordinates at;
  if (list.is_array() && list.size() == dimensions.size() && std::all_of(list.begin(), list.end(), is_number))
    at = list.get<Coordinates>();
  for (std::size_t d = 0; d < at.size(); ++d) {
    const bool continuous = dimensions[d].kind == SearchDimension::Kind::continuous;
    const double end = continuous ? 1.0 : static_cast<double>(dimensions[d].levels);
    if (!(at[d] >= 0.0 && at[d] < end &&
          (continuous || at[d] == static_cast<double>(static_cast<std::int64_t>(at[d])))))
      at.clear();
  }
  if (at.empty())
    throw Error(Failure::usage, fmt::format("results.db is damaged: the coordinates of point {} of the search are `{}`",
                                            point.position, printable(point.coordinates)));
  return at;
}

std::vector<TriedPoint> SweepSearch::tried(const std::vector<SearchedPoint>& points) const {
  const double sign = plan_.points.front().maximize ? 1.0 : -1.0;
  std::vector<TriedPoint> tried;
  for (const SearchedPoint& point : points)
    tried.push_back({.at = coordinates_of(point),
                     .state = state_of(point),
                     .value = sign * point.value.value_or(0.0),
                     .epochs = point.epochs});
  return tried;
}

void SweepSearch::learn(SweepRows& rows, std::int64_t sweep) { learn(rows, sweep, searched(rows, sweep)); }

void SweepSearch::learn(SweepRows& rows, std::int64_t sweep, const std::vector<SearchedPoint>& points) {
  for (const SearchedPoint& point : points) {
    const auto place = static_cast<std::size_t>(point.position - 1);
    if (place < plan_.points.size() && plan_.points[place].identity == point.identity) continue;
    PlannedPoint planned = planner_.plan(search_.space.point(coordinates_of(point)));
    if (is_former(point.identity))
      rows.identify(sweep, point.position, planned.identity);
    else if (planned.identity != point.identity)
      throw Error(
          Failure::usage,
          fmt::format(
              "point {} of the search would be a different one now: data, plugins or rxrun have changed since it "
              "was chosen",
              point.position),
          "run the same command again: it begins a new search");
    if (place < plan_.points.size())
      plan_.points[place] = std::move(planned);
    else
      plan_.points.push_back(std::move(planned));
  }
  plan_.expected = std::max(plan_.expected, plan_.points.size());  // an earlier command may have wanted more
}

bool SweepSearch::more(SweepRows& rows, std::int64_t sweep) {
  if (exhausted_) return false;
  const std::vector<SearchedPoint> points = searched(rows, sweep);
  learn(rows, sweep, points);
  if (static_cast<std::int64_t>(points.size()) >= search_.trials) return false;
  const std::int64_t position = static_cast<std::int64_t>(points.size()) + 1;
  std::vector<TriedPoint> known = tried(points);
  std::vector<Diagnostic> faults;
  for (std::uint64_t attempt = 0; attempt < most_attempts; ++attempt) {
    const Coordinates at = search_.space.next(search_.seed, static_cast<std::uint64_t>(position), attempt, known);
    if (at.empty()) {
      exhausted_ = true;
      observer_.on_exhausted(points.size());
      return false;
    }
    try {
      PlannedPoint planned = planner_.plan(search_.space.point(at));
      if (const PlannedPoint& first = plan_.points.front(); planned.metric != first.metric)
        throw Error(Failure::usage, fmt::format("a search compares points by one metric, not by {} and {}",
                                                first.metric, planned.metric));
      else if (planned.keeps_last_epoch != first.keeps_last_epoch)
        throw Error(Failure::usage,
                    "a search compares points by the epoch that they keep, the best or the last, and not one's best "
                    "with another's last");
      const Added added = rows.add(sweep, position,
                                   {.identity = planned.identity,
                                    .resolved = planned.resolved,
                                    .overrides = settings_json(planned),
                                    .coordinates = planned.coordinates});
      if (added == Added::added) plan_.points.push_back(std::move(planned));
      if (added != Added::known) return true;
      known.push_back({.at = at});  // other settings, the same computation
    } catch (const Error& error) {
      if (error.failure() != Failure::usage) throw;
      observer_.on_unusable(error.what());
      faults = error.diagnostics();
      known.push_back({.at = at, .state = TriedPoint::State::failed});
    }
  }
  if (faults.empty()) {
    exhausted_ = true;
    return false;
  }
  throw Error(Failure::usage, std::move(faults));
}

}  // namespace rxrun
