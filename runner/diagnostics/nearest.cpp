#include <algorithm>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

constexpr std::size_t longest_word = 100;     // the distance costs the product of both lengths
constexpr std::size_t most_work = 20'000'000;  // of such products: about 50 ms; what comes later is not looked at

// Case and the two ways to join words are no difference to a reader.
std::string folded(std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-') c = '_';
  }
  return out;
}

// Damerau-Levenshtein distance where no part is edited twice: insert, delete, replace, swap neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view word, std::span<const std::string> candidates) {
  if (word.empty() || word.size() > longest_word) return std::nullopt;
  const std::string wanted = folded(word);
  const std::size_t allowed = std::max<std::size_t>(1, (word.size() + 1) / 3);
  std::size_t best = allowed + 1, work = 0;
  const std::string* nearest = nullptr;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word.size() + allowed || candidate.size() + allowed < word.size()) continue;
    work += word.size() * candidate.size();
    if (work > most_work) break;
    const std::size_t distance = edit_distance(wanted, folded(candidate));
    // A word of one letter is one edit away from every other.
    if (distance < best && distance < std::max(word.size(), candidate.size())) {
      best = distance;
      nearest = &candidate;
    }
  }
  if (nearest == nullptr) return std::nullopt;
  return *nearest;
}

}  // namespace rxrun
