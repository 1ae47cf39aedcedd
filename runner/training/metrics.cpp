#include "training/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "diagnostics/diagnostic.h"

namespace rxrun {
namespace {

struct Counts {
  std::vector<std::int64_t> images, guesses, hits;  // by class
  std::int64_t right = 0;
};

Counts count(const Predictions& p) {
  const auto classes = static_cast<std::size_t>(p.classes);
  Counts counts{std::vector<std::int64_t>(classes), std::vector<std::int64_t>(classes),
                std::vector<std::int64_t>(classes)};
  for (std::size_t i = 0; i < p.labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(p.labels[i]);
    const auto guess =
        static_cast<std::size_t>(p.probabilities.empty() ? p.guesses[i] : likeliest(probabilities_of(p, i)));
    ++counts.images[label];
    ++counts.guesses[guess];
    if (label == guess) ++counts.hits[label], ++counts.right;
  }
  return counts;
}

// Mean recall over the classes that have images.
double balanced_accuracy(const Counts& counts) {
  double sum = 0.0;
  int present = 0;
  for (std::size_t c = 0; c < counts.images.size(); ++c) {
    if (counts.images[c] == 0) continue;
    sum += static_cast<double>(counts.hits[c]) / static_cast<double>(counts.images[c]);
    ++present;
  }
  return sum / present;
}

// Mean over the classes that occur, as label or as guess: 2 hits / (images + guesses).
double macro_f1(const Counts& counts) {
  double sum = 0.0;
  int present = 0;
  for (std::size_t c = 0; c < counts.images.size(); ++c) {
    const std::int64_t both = counts.images[c] + counts.guesses[c];
    if (both == 0) continue;
    sum += 2.0 * static_cast<double>(counts.hits[c]) / static_cast<double>(both);
    ++present;
  }
  return sum / present;
}

// Mean squared distance to the one-hot label; for two classes half of it, which is the classic (p - y)^2.
double brier(const Predictions& p) {
  double sum = 0.0;
  for (const double square : p.square_errors) sum += square;
  for (std::size_t i = 0; i < p.labels.size() && !p.probabilities.empty(); ++i) {
    const auto row = probabilities_of(p, i);
    for (std::size_t c = 0; c < row.size(); ++c) {
      const double off = static_cast<double>(row[c]) - (static_cast<std::int64_t>(c) == p.labels[i] ? 1.0 : 0.0);
      sum += off * off;
    }
  }
  return sum / static_cast<double>(p.labels.size()) / (p.classes == 2 ? 2.0 : 1.0);
}

std::optional<double> auc(const Predictions& p, const Counts& counts) {
  const auto classes = static_cast<std::size_t>(p.classes);
  const std::size_t images = p.labels.size();
  if (p.probabilities.empty()) return std::nullopt;
  for (const std::int64_t n : counts.images) {
    if (n == 0 || n == static_cast<std::int64_t>(images)) return std::nullopt;
  }
  if (std::any_of(p.probabilities.begin(), p.probabilities.end(), [](float x) { return std::isnan(x); }))
    return std::nullopt;
  std::vector<float> scores(images);
  std::vector<std::uint8_t> positive(images);
  const auto against_rest = [&](std::size_t c) {
    for (std::size_t i = 0; i < images; ++i) {
      scores[i] = probabilities_of(p, i)[c];
      positive[i] = p.labels[i] == static_cast<std::int64_t>(c);
    }
    return area_under_roc(scores, positive);
  };
  if (classes == 2) return against_rest(1);
  double sum = 0.0;
  for (std::size_t c = 0; c < classes; ++c) sum += against_rest(c);
  return sum / static_cast<double>(classes);
}

}  // namespace

double watched(const std::map<std::string, double>& values, const std::string& metric, const std::string& by) {
  const auto found = values.find(metric);
  if (found != values.end()) return found->second;
  throw Error(Failure::run, by + " watches " + metric + ", which could not be measured this epoch",
              "an AUC needs images of every class in its part; choose another metric or split");
}

std::span<const float> probabilities_of(const Predictions& predictions, std::size_t i) {
  const auto classes = static_cast<std::size_t>(predictions.classes);
  return {predictions.probabilities.data() + i * classes, classes};
}

std::int64_t likeliest(std::span<const float> probabilities) {
  return std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
}

double area_under_roc(std::span<const float> scores, std::span<const std::uint8_t> positive) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double u = 0.0, negatives_below = 0.0;
  double positives = 0.0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    double tied_positive = 0.0, tied_negative = 0.0;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end) {
      (positive[order[end]] ? tied_positive : tied_negative) += 1.0;
    }
    u += tied_positive * (negatives_below + tied_negative / 2.0);
    negatives_below += tied_negative;
    positives += tied_positive;
    begin = end;
  }
  return u / (positives * negatives_below);
}

std::map<std::string, double> score(const Predictions& p) {
  std::map<std::string, double> values;
  if (p.labels.empty()) return values;
  const Counts counts = count(p);
  values["accuracy"] = static_cast<double>(counts.right) / static_cast<double>(p.labels.size());
  values["balanced_accuracy"] = balanced_accuracy(counts);
  values["loss"] = p.loss_sum / p.loss_weight;
  values["f1"] = macro_f1(counts);
  values["brier"] = brier(p);
  if (const auto area = auc(p, counts)) values["auc"] = *area;
  return values;
}

}  // namespace rxrun
