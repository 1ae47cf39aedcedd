// The scores that a part of the data gets, and what is known of each: the one table that says so. A metric's full name
// is a part's and a score's: "validation_auc", "test_loss".
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rxrun {

struct Score {
  std::string_view name;
  bool larger_is_better;
  bool is_share;  // of 1: one speaks of it in points of a hundred
  double most;    // that it can be; the least is 0
};

inline constexpr std::array<Score, 6> all_scores = {{{"loss", false, false, std::numeric_limits<double>::infinity()},
                                                     {"accuracy", true, true, 1.0},
                                                     {"balanced_accuracy", true, true, 1.0},
                                                     {"auc", true, true, 1.0},
                                                     {"f1", true, true, 1.0},
                                                     {"brier", false, false, 2.0}}};

// By the end of a metric's name. Of a name that is no score's, larger is better, and it is no share.
bool larger_is_better(std::string_view metric);
bool is_share(std::string_view metric);

// Which of `names` a word for a metric means, spelt as the lines of the epochs and other programs spell it: "Val_acc"
// is "validation_accuracy", "roc-auc" "validation_auc". Of a part that has none there, validation's: what is scored
// once, at the end, chooses nothing. Nothing where the word is no metric's.
std::optional<std::string> metric_meant(std::string_view word, std::span<const std::string> names);

struct MetricRange {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
};
// What a metric's value can be; of a name that is no score's, anything.
MetricRange range_of(std::string_view metric);

}  // namespace rxrun
