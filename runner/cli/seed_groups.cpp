#include "cli/seed_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "experiment/metric.h"
#include "table/fixed.h"

namespace rxrun {
namespace {

// The columns of SeedValues; the keys follow.
enum Column : std::size_t {
  kRun,
  kExperiment,
  kGenerated,
  kConfiguration,
  kSeed,
  kSplitHash,
  kContent,
  kSplit,
  kMetric,
  kKeys
};

template <typename T>
const T& cell(const Value& value) {
  if (const T* found = std::get_if<T>(&value)) return *found;
  throw Error(Failure::usage, "the database of results is damaged: a cell holds what its column cannot");
}

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return printable(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  return "none";
}

// Student's interval knows no bounds: near the end of a metric's range it would reach beyond what there can be.
void clip(std::optional<Interval>& interval, double least, double most) {
  if (interval) interval = Interval{std::clamp(interval->low, least, most), std::clamp(interval->high, least, most)};
}

// Shares in points of a hundred, as one speaks of accuracies; anything else as it is.
std::string difference_text(double difference, bool share, bool sign) {
  if (share) return fmt::format("{}{}", sign && difference >= 0.0 ? "+" : "", fixed(100.0 * difference, 1));
  return sign ? fmt::format("{:+.4g}", difference) : fmt::format("{:.4g}", difference);
}

std::string verdict(const PairedComparison& comparison) {
  const Estimate& difference = comparison.difference;
  if (difference.count == 1) return "one pair only: nothing can be concluded";
  if (!comparison.p_value && difference.mean == 0.0) return "equal for every seed";
  if (!comparison.p_value) return "the same for every seed: there is no spread to judge by; run more seeds";
  if (comparison.settled) return fmt::format("settled (p = {:.2g})", *comparison.p_value);
  if (!comparison.more) return "not settled, and too small for more seeds to settle";
  return fmt::format("not settled; about {} would", counted(*comparison.more, "more seed"));
}

// The groups that are comparable, be it by way of others, by their places: comparisons within one are corrected
// together.
std::vector<std::vector<std::size_t>> families(const std::vector<SeedGroup>& groups, bool images_vary) {
  std::vector<std::vector<std::size_t>> all;
  std::vector<bool> done(groups.size(), false);
  for (std::size_t first = 0; first < groups.size(); ++first) {
    if (done[first]) continue;
    done[first] = true;
    std::vector<std::size_t>& family = all.emplace_back(1, first);
    for (std::size_t member = 0; member < family.size(); ++member)
      for (std::size_t i = first + 1; i < groups.size(); ++i)
        if (!done[i] && comparable(groups[family[member]], groups[i], images_vary)) {
          done[i] = true;
          family.push_back(i);
        }
    std::sort(family.begin(), family.end());
  }
  return all;
}

// "plain, " before a label, where it does not say so already.
std::string experiment_before_label(const SeedGroup& group, const std::vector<SeedGroup>& groups,
                                    const std::vector<std::string>& keys) {
  const bool several = std::any_of(groups.begin(), groups.end(),
                                   [&](const SeedGroup& other) { return other.experiment != groups[0].experiment; });
  const bool said = std::find(keys.begin(), keys.end(), "experiment") != keys.end();
  return several && !said ? printable(group.experiment) + ", " : "";
}

}  // namespace

std::vector<SeedGroup> group_seeds(const SeedValues& values, const std::string& metric) {
  const bool less_is_better = !larger_is_better(metric);
  const MetricRange range = range_of(metric);
  using Key = std::tuple<std::string, std::int64_t, std::string, std::string, std::vector<Value>>;
  std::map<Key, SeedGroup> groups;
  std::map<Key, std::map<std::string, std::vector<double>>> observed;  // by seed and split
  for (const auto& row : values.rows.rows) {
    if (std::holds_alternative<std::monostate>(row[kMetric])) continue;
    const auto* integer = std::get_if<std::int64_t>(&row[kMetric]);
    const double value = integer ? static_cast<double>(*integer) : cell<double>(row[kMetric]);
    const Key key{cell<std::string>(row[kExperiment]),
                  cell<std::int64_t>(row[kGenerated]),
                  cell<std::string>(row[kContent]),
                  cell<std::string>(row[kSplit]),
                  {row.begin() + static_cast<std::ptrdiff_t>(kKeys), row.end()}};
    SeedGroup& group = groups[key];
    const std::int64_t run = cell<std::int64_t>(row[kRun]);
    const bool better = less_is_better ? value < group.best : value > group.best;
    if (group.best_run == 0 || better || (value == group.best && run < group.best_run)) {
      group.best = value;
      group.best_run = run;
    }
    group.configurations.insert(cell<std::string>(row[kConfiguration]));
    observed[key][cell<std::string>(row[kSeed]) + " " + cell<std::string>(row[kSplitHash])].push_back(value);
  }
  std::vector<SeedGroup> list;
  for (auto& [key, group] : groups) {
    std::vector<double> means;
    for (const auto& [seed, several] : observed[key]) {
      means.push_back(estimate(several).mean);
      group.values[seed] = means.back();
    }
    group.estimate = estimate(means);
    clip(group.estimate.interval, range.least, range.most);
    group.experiment = std::get<0>(key);
    group.generated_data = std::get<1>(key) != 0;
    group.content_hash = std::get<2>(key);
    group.split = std::get<3>(key);
    group.keys = std::get<4>(key);
    list.push_back(std::move(group));
  }
  std::stable_sort(list.begin(), list.end(), [&](const SeedGroup& a, const SeedGroup& b) {
    return less_is_better ? a.estimate.mean < b.estimate.mean : a.estimate.mean > b.estimate.mean;
  });
  return list;
}

bool comparable(const SeedGroup& a, const SeedGroup& b, bool images_vary) {
  if (a.generated_data != b.generated_data) return false;
  if (images_vary) return true;
  const auto of_b = [&](const auto& value) { return b.values.contains(value.first); };
  return a.content_hash == b.content_hash &&
         (a.split == b.split || std::any_of(a.values.begin(), a.values.end(), of_b));
}

std::vector<PairedComparison> compare_groups(const std::vector<SeedGroup>& groups, const std::string& metric,
                                             bool images_vary) {
  const bool less_is_better = !larger_is_better(metric);
  const MetricRange range = range_of(metric);
  std::vector<PairedComparison> comparisons;
  for (const std::vector<std::size_t>& places : families(groups, images_vary)) {
    std::vector<Observations> family;
    for (const std::size_t place : places) family.push_back(groups[place].values);
    for (PairedComparison comparison : compare_paired(family)) {
      comparison.group = places[comparison.group];
      comparison.other = places[comparison.other];
      if (!comparable(groups[comparison.group], groups[comparison.other], images_vary)) continue;
      Estimate& difference = comparison.difference;
      // Over the seeds that both have, the order can be another one than over all.
      if (less_is_better ? difference.mean > 0.0 : difference.mean < 0.0) {
        std::swap(comparison.group, comparison.other);
        difference.mean = -difference.mean;
        if (difference.interval) difference.interval = Interval{-difference.interval->high, -difference.interval->low};
      }
      clip(difference.interval, range.least - range.most, range.most - range.least);
      comparisons.push_back(comparison);
    }
  }
  return comparisons;
}

std::string label_of(const SeedGroup& group, const std::vector<std::string>& keys) {
  std::string label;
  for (std::size_t i = 0; i < keys.size(); ++i)
    label += fmt::format("{}{} {}", i > 0 ? ", " : "", printable(keys[i]), text_of(group.keys[i]));
  return label;
}

std::string in_words(const PairedComparison& comparison, const std::vector<SeedGroup>& groups,
                     const std::vector<std::string>& keys, const std::string& metric) {
  const SeedGroup& group = groups[comparison.group];
  const SeedGroup& other = groups[comparison.other];
  const std::string before = experiment_before_label(group, groups, keys);
  const std::string before_other = experiment_before_label(other, groups, keys);
  const std::string over = before != before_other ? before_other + label_of(other, keys)
                           : keys.size() == 1     ? text_of(other.keys[0])
                                                  : label_of(other, keys);
  const std::string head = fmt::format("{}{} over {}", before, label_of(group, keys), over);
  const Estimate& difference = comparison.difference;
  if (difference.count == 0) return head + ": no seeds (with the same split) in common";
  const bool share = is_share(metric);
  std::string text =
      fmt::format("{}: {}{}", head, difference_text(difference.mean, share, true), share ? " points" : "");
  if (difference.interval)
    text += fmt::format(", 95 % interval [{}, {}]", difference_text(difference.interval->low, share, false),
                        difference_text(difference.interval->high, share, false));
  return fmt::format("{}, {}, {}", text, counted(difference.count, "seed"), verdict(comparison));
}

}  // namespace rxrun
