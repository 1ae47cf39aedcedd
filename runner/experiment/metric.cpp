#include "experiment/metric.h"

#include <algorithm>
#include <vector>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

const Score* score_in(std::string_view metric) {
  const auto found = std::find_if(all_scores.begin(), all_scores.end(),
                                  [&](const Score& score) { return metric.ends_with(score.name); });
  return found == all_scores.end() ? nullptr : &*found;
}

struct Spelling {
  std::string_view letters, means;
};

constexpr Spelling parts[] = {{"validation", "validation"},
                              {"valid", "validation"},
                              {"val", "validation"},
                              {"dev", "validation"},
                              {"eval", "validation"},
                              {"", "validation"},
                              {"test", "test"},
                              {"training", "train"},
                              {"train", "train"}};
constexpr Spelling scores[] = {{"acc", "accuracy"},
                               {"top1", "accuracy"},
                               {"top1acc", "accuracy"},
                               {"top1accuracy", "accuracy"},
                               {"balancedacc", "balanced_accuracy"},
                               {"balacc", "balanced_accuracy"},
                               {"bacc", "balanced_accuracy"},
                               {"auroc", "auc"},
                               {"rocauc", "auc"},
                               {"f1score", "f1"},
                               {"macrof1", "f1"},
                               {"crossentropy", "loss"},
                               {"brierscore", "brier"}};

// Case and joints are no difference.
std::string letters_of(std::string_view word) {
  std::string letters;
  for (const char c : word)
    if (std::string_view("_-./ ").find(c) == std::string_view::npos)
      letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return letters;
}

std::string_view score_spelt(std::string_view letters) {
  for (const Score& score : all_scores)
    if (letters == letters_of(score.name)) return score.name;
  for (const Spelling& score : scores)
    if (letters == score.letters) return score.means;
  return {};
}

std::string_view score_nearest(std::string_view letters) {
  std::vector<std::string> spellings;
  for (const Score& score : all_scores) spellings.push_back(letters_of(score.name));
  for (const Spelling& score : scores) spellings.emplace_back(score.letters);
  const auto nearest = nearest_name(letters, spellings);
  return nearest ? score_spelt(*nearest) : std::string_view();
}

}  // namespace

std::optional<std::string> metric_meant(std::string_view word, std::span<const std::string> names) {
  const std::string letters = letters_of(word);
  for (const auto& score_of : {score_spelt, score_nearest}) {
    for (const Spelling& part : parts) {
      if (!letters.starts_with(part.letters) || (part.letters.empty() && score_of == score_nearest)) continue;
      const std::string_view score = score_of(std::string_view(letters).substr(part.letters.size()));
      if (score.empty()) continue;
      for (const std::string_view owner : {part.means, std::string_view("validation")}) {
        std::string name = std::string(owner) + "_" + std::string(score);
        if (std::find(names.begin(), names.end(), name) != names.end()) return name;
      }
    }
  }
  return std::nullopt;
}

bool larger_is_better(std::string_view metric) {
  const Score* score = score_in(metric);
  return score == nullptr || score->larger_is_better;
}

bool is_share(std::string_view metric) {
  const Score* score = score_in(metric);
  return score != nullptr && score->is_share;
}

MetricRange range_of(std::string_view metric) {
  const Score* score = score_in(metric);
  return score ? MetricRange{.least = 0.0, .most = score->most} : MetricRange{};
}

}  // namespace rxrun
