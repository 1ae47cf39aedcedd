#include "sweep/tpe.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rxrun {
namespace {

constexpr double good_share = 0.15;
constexpr std::size_t most_good = 25;
constexpr int candidates = 24;

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double middle_of(const SearchDimension& dimension, double level) {
  return (level + 0.5) / static_cast<double>(dimension.levels);
}

// What is known of one value, spread over its neighbours.
class Kernel {
 public:
  Kernel(const SearchDimension& dimension, double at, std::size_t points, std::size_t dimensions)
      : dimension_(dimension),
        at_(at),
        centre_(dimension.kind == SearchDimension::Kind::ordered ? middle_of(dimension, at) : at),
        smoothing_(1.0 / static_cast<double>(points + 1)) {
    // Scott's rule for a fifth of the range, but never narrower than what so few points can tell apart.
    const double scott = 0.2 * std::pow(static_cast<double>(points), -1.0 / (static_cast<double>(dimensions) + 4.0));
    width_ = std::max(scott, 1.0 / std::min(100.0, 1.0 + static_cast<double>(points)));
    inside_ = mass(0.0, 1.0);
  }

  double draw(RandomStream& random) const {
    if (dimension_.kind == SearchDimension::Kind::categorical) {
      if (random.uniform() < own_share()) return at_;
      const double other = static_cast<double>(random.below(dimension_.levels - 1));
      return other < at_ ? other : other + 1.0;
    }
    double x = 0.0;
    do x = centre_ + width_ * random.normal();
    while (x < 0.0 || x >= 1.0);
    if (dimension_.kind == SearchDimension::Kind::continuous) return x;
    return std::floor(x * static_cast<double>(dimension_.levels));
  }

  // As a multiple of what any_point() has there.
  double density(double x) const {
    const auto levels = static_cast<double>(dimension_.levels);
    switch (dimension_.kind) {
      case SearchDimension::Kind::categorical:
        return levels * (x == at_ ? own_share() : (1.0 - own_share()) / (levels - 1.0));
      case SearchDimension::Kind::ordered:
        return levels * mass(x / levels, (x + 1.0) / levels) / inside_;
      case SearchDimension::Kind::continuous: {
        const double z = (x - centre_) / width_;
        return std::exp(-0.5 * z * z) / (width_ * std::sqrt(2.0 * std::numbers::pi) * inside_);
      }
    }
    return 0.0;
  }

 private:
  double mass(double from, double to) const {
    return normal_cdf((to - centre_) / width_) - normal_cdf((from - centre_) / width_);
  }
  // One count for its own value, and a part of one for each.
  double own_share() const {
    if (dimension_.levels < 2) return 1.0;
    return (1.0 + smoothing_) / (1.0 + smoothing_ * static_cast<double>(dimension_.levels));
  }

  const SearchDimension& dimension_;
  double at_, centre_, smoothing_, width_ = 1.0, inside_ = 1.0;
};

class Density {
 public:
  Density(const std::vector<SearchDimension>& dimensions, const std::vector<const TriedPoint*>& points)
      : dimensions_(dimensions) {
    for (const TriedPoint* point : points) {
      std::vector<Kernel>& kernels = points_.emplace_back();
      for (std::size_t d = 0; d < dimensions.size(); ++d)
        kernels.emplace_back(dimensions[d], point->at[d], points.size(), dimensions.size());
    }
  }

  Coordinates draw(RandomStream& random) const {
    const std::size_t which = random.below(points_.size() + 1);
    if (which == points_.size()) return any_point(dimensions_, random);
    Coordinates at;
    for (const Kernel& kernel : points_[which]) at.push_back(kernel.draw(random));
    return at;
  }

  double operator()(const Coordinates& at) const {
    double sum = 1.0;  // all the space
    for (const std::vector<Kernel>& kernels : points_) {
      double product = 1.0;
      for (std::size_t d = 0; d < kernels.size(); ++d) product *= kernels[d].density(at[d]);
      sum += product;
    }
    return sum / static_cast<double>(points_.size() + 1);
  }

 private:
  const std::vector<SearchDimension>& dimensions_;
  std::vector<std::vector<Kernel>> points_;
};

bool is_better(const TriedPoint* a, const TriedPoint* b) {
  if (a->state != b->state) return a->state < b->state;
  if (a->state == TriedPoint::State::pruned && a->epochs != b->epochs) return a->epochs > b->epochs;
  return a->value > b->value;
}

}  // namespace

Coordinates any_point(const std::vector<SearchDimension>& dimensions, RandomStream& random) {
  Coordinates at;
  for (const SearchDimension& dimension : dimensions)
    at.push_back(dimension.kind == SearchDimension::Kind::continuous
                     ? random.uniform()
                     : static_cast<double>(random.below(dimension.levels)));
  return at;
}

Coordinates promising_point(const std::vector<SearchDimension>& dimensions, const std::vector<TriedPoint>& tried,
                            RandomStream& random) {
  std::vector<const TriedPoint*> sorted;
  for (const TriedPoint& point : tried) sorted.push_back(&point);
  std::stable_sort(sorted.begin(), sorted.end(), is_better);
  const auto judged = static_cast<std::size_t>(std::count_if(
      tried.begin(), tried.end(), [](const TriedPoint& point) { return point.state != TriedPoint::State::open; }));
  const auto valued = static_cast<std::size_t>(std::count_if(tried.begin(), tried.end(), [](const TriedPoint& point) {
    return point.state == TriedPoint::State::finished || point.state == TriedPoint::State::pruned;
  }));
  const auto wanted = static_cast<std::size_t>(std::ceil(good_share * static_cast<double>(judged)));
  const std::size_t good = std::min({wanted, valued, most_good});
  if (good == 0) return any_point(dimensions, random);
  const auto border = sorted.begin() + static_cast<std::ptrdiff_t>(good);
  const Density l(dimensions, {sorted.begin(), border}), g(dimensions, {border, sorted.end()});
  Coordinates best;
  double best_ratio = -1.0;
  for (int i = 0; i < candidates; ++i) {
    Coordinates candidate = l.draw(random);
    const double ratio = l(candidate) / g(candidate);
    if (ratio <= best_ratio) continue;
    best_ratio = ratio;
    best = std::move(candidate);
  }
  return best;
}

}  // namespace rxrun
