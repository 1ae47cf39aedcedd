// Whole groups to parts: a greedy start in random order, then moves and swaps for as long as they help.
#include <algorithm>
#include <bit>
#include <numeric>

#include "data/split.h"
#include "random/random.h"

namespace rxrun {
namespace {

using Counts = std::vector<std::int64_t>;

class Assignment {
 public:
  Assignment(const std::vector<Counts>& groups, const Shares& shares)
      : groups_(groups), shares_(shares), totals_(groups.front().size(), 0) {
    for (const Counts& group : groups)
      for (std::size_t c = 0; c < group.size(); ++c) totals_[c] += group[c];
    counts_.fill(Counts(totals_.size(), 0));
    part_of.assign(groups.size(), -1);
  }

  // How far part p is from its share: squared distance over target, class by class (as chi-square), and dear prices for
  // what would make the split useless (train without a class, an empty part) or poor (a class not watched).
  double cost(int p) const {
    const auto part = static_cast<std::size_t>(p);
    if (shares_[part] <= 0.0) return 0.0;
    double sum = 0.0;
    std::int64_t images = 0;
    for (std::size_t c = 0; c < totals_.size(); ++c) {
      const double target = shares_[part] * static_cast<double>(totals_[c]);
      const double distance = static_cast<double>(counts_[part][c]) - target;
      sum += distance * distance / std::max(target, 1e-9);
      images += counts_[part][c];
      if (counts_[part][c] == 0 && totals_[c] > 0 && p < 3) sum += p == 0 ? 1e9 : 1e3;
    }
    return images == 0 && p < 3 ? sum + 1e9 : sum;
  }

  // Adds `sign` times group g to part p.
  void add(std::size_t g, int p, std::int64_t sign) {
    Counts& counts = counts_[static_cast<std::size_t>(p)];
    for (std::size_t c = 0; c < counts.size(); ++c) counts[c] += sign * groups_[g][c];
  }

  void place(std::size_t g, int p) {
    if (part_of[g] >= 0) add(g, part_of[g], -1);
    add(g, p, 1);
    part_of[g] = p;
  }

  bool may_use(int p) const { return shares_[static_cast<std::size_t>(p)] > 0.0; }

  std::vector<int> part_of;

 private:
  const std::vector<Counts>& groups_;
  const Shares& shares_;
  Counts totals_;
  std::array<Counts, 4> counts_;
};

constexpr double gain = 1e-9;  // smaller ones are rounding

bool improve_by_moves(Assignment& assignment, const std::vector<std::size_t>& order) {
  bool better = false;
  for (const std::size_t g : order) {
    for (int p = 0; p < 4; ++p) {
      const int from = assignment.part_of[g];
      if (p == from || !assignment.may_use(p)) continue;
      const double before = assignment.cost(from) + assignment.cost(p);
      assignment.place(g, p);
      if (assignment.cost(from) + assignment.cost(p) < before - gain)
        better = true;
      else
        assignment.place(g, from);
    }
  }
  return better;
}

bool improve_by_swaps(Assignment& assignment, const std::vector<std::size_t>& order) {
  bool better = false;
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      const std::size_t a = order[i], b = order[j];
      const int p = assignment.part_of[a], q = assignment.part_of[b];
      if (p == q) continue;
      const double before = assignment.cost(p) + assignment.cost(q);
      assignment.place(a, q);
      assignment.place(b, p);
      if (assignment.cost(p) + assignment.cost(q) < before - gain) {
        better = true;
      } else {
        assignment.place(a, p);
        assignment.place(b, q);
      }
    }
  }
  return better;
}

}  // namespace

std::vector<int> assign_groups_to_parts(const std::vector<std::vector<std::int64_t>>& groups, const Shares& shares,
                                        std::uint64_t seed) {
  if (groups.empty()) return {};
  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0);
  RandomStream(seed, Purpose::split).shuffle(order);
  // Large groups first, because small ones fill the gaps; within a power of two the order stays random.
  const auto magnitude = [&](std::size_t g) {
    return std::bit_width(
        static_cast<std::uint64_t>(std::accumulate(groups[g].begin(), groups[g].end(), std::int64_t{0})));
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return magnitude(a) > magnitude(b); });

  Assignment assignment(groups, shares);
  for (const std::size_t g : order) {
    int best = -1;
    double best_change = 0.0;
    for (int p = 0; p < 4; ++p) {
      if (!assignment.may_use(p)) continue;
      const double before = assignment.cost(p);
      assignment.add(g, p, 1);
      const double change = assignment.cost(p) - before;
      assignment.add(g, p, -1);
      if (best < 0 || change < best_change) best = p, best_change = change;
    }
    assignment.place(g, best);
  }

  constexpr std::size_t swaps_up_to = 500;  // groups: their number of pairs is what a pass costs
  constexpr int max_passes = 50;
  for (int pass = 0; pass < max_passes; ++pass) {
    bool better = improve_by_moves(assignment, order);
    if (groups.size() <= swaps_up_to) better = improve_by_swaps(assignment, order) || better;
    if (!better) break;
  }
  return assignment.part_of;
}

}  // namespace rxrun
