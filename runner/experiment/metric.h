// The scores that a part of the data gets, and what is known of each: the one table that says so. A metric's full name is
// a part's and a score's: "test_auc", "validation_loss".
#pragma once

#include <array>
#include <string_view>

namespace rxrun {

struct Score {
  std::string_view name;
  bool larger_is_better;
  bool is_share;  // of 1: one speaks of it in points of a hundred
};

inline constexpr std::array<Score, 6> all_scores = {{{"loss", false, false},
                                                     {"accuracy", true, true},
                                                     {"balanced_accuracy", true, true},
                                                     {"auc", true, true},
                                                     {"f1", true, true},
                                                     {"brier", false, false}}};

// By the end of a metric's name. Of a name that is no score's, larger is better, and it is no share.
bool larger_is_better(std::string_view metric);
bool is_share(std::string_view metric);

}  // namespace rxrun
